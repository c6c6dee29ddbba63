-- What a page said when it was read last, and since when it says so: see core/reading.py.

CREATE TABLE page_reading (
    request_id INTEGER PRIMARY KEY,
    content BLOB NOT NULL,  -- hash of what was taken of the page
    basis BLOB NOT NULL,  -- hash of what decides that beside the page
    at REAL NOT NULL,
    since REAL NOT NULL,  -- when it was read so for the first time
    changes INTEGER NOT NULL DEFAULT 0  -- times that it was read and had changed
);
