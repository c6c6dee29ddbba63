-- The raw page of a request, the latest that was read: see core/keeping.py. Two tables: what a visit
-- renews is small, and the body is written only when it is another one.

CREATE TABLE kept_page (
    request_id INTEGER PRIMARY KEY REFERENCES request (id) ON DELETE CASCADE,
    run_id INTEGER NOT NULL,  -- that read it last
    cycle INTEGER NOT NULL,
    at REAL NOT NULL,
    final_url TEXT NOT NULL,
    status INTEGER NOT NULL,
    headers TEXT NOT NULL,
    bytes INTEGER NOT NULL,  -- of the body
    packed_bytes INTEGER NOT NULL,
    hash BLOB NOT NULL
);

CREATE TABLE kept_body (
    request_id INTEGER PRIMARY KEY REFERENCES kept_page (request_id) ON DELETE CASCADE,
    zstd BLOB NOT NULL
);

ALTER TABLE run ADD COLUMN kind TEXT NOT NULL DEFAULT 'crawl';  -- or 'reparse', which fetches nothing
