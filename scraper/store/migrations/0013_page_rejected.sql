-- What was no item and stood on a page beside all items that `item_page` has of it: see store/beside.py.

CREATE TABLE page_rejected (
    request_id INTEGER NOT NULL,
    type TEXT NOT NULL,
    marks TEXT NOT NULL,  -- hashes of what was found of each
    PRIMARY KEY (request_id, type)
) WITHOUT ROWID;
