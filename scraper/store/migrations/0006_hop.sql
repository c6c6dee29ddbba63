-- Where redirects have led a waiting request: what is asked next, as the same request.

ALTER TABLE request ADD COLUMN hop TEXT;  -- JSON: [URL, method, URLs asked before]
CREATE INDEX request_hop ON request (id) WHERE hop IS NOT NULL;
