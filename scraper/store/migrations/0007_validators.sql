-- To ask whether a page has changed since it was read: see core/schedule/revalidate.py.

ALTER TABLE page_reading ADD COLUMN cycle INTEGER NOT NULL DEFAULT 0;  -- of `run_id`
ALTER TABLE page_reading ADD COLUMN run_id INTEGER NOT NULL DEFAULT 0;  -- in which it was read, or said to be the same
ALTER TABLE page_reading ADD COLUMN etag TEXT;
ALTER TABLE page_reading ADD COLUMN last_modified TEXT;
ALTER TABLE page_reading ADD COLUMN answered_by TEXT;  -- the URL that both are of; NULL: the requested one

CREATE INDEX item_request ON item (request_id);
CREATE INDEX item_carry_parent ON item_carry (parent_id);
