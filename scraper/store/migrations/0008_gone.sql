-- What is gone, and the evidence for it; see docs/adr/0014.

CREATE TABLE request_missing (  -- pages of which the server says that they are not there
    request_id INTEGER PRIMARY KEY,
    times INTEGER NOT NULL,  -- cycles running in which it did
    last_cycle INTEGER NOT NULL,  -- of these
    gone_run INTEGER  -- that judged the page gone; NULL: not yet
);

CREATE TABLE item_page (  -- which items a page showed when it was read the last time
    request_id INTEGER NOT NULL,
    item_id INTEGER NOT NULL,
    PRIMARY KEY (request_id, item_id)
) WITHOUT ROWID;
INSERT INTO item_page (request_id, item_id) SELECT request_id, id FROM item ORDER BY 1, 2;

CREATE TABLE item_pair (  -- which items were made of a page and what was carried to it
    request_id INTEGER NOT NULL,
    carry TEXT NOT NULL,  -- the hash in item_carry; empty: no link carried it
    item_id INTEGER NOT NULL,
    doubted INTEGER NOT NULL DEFAULT 0,  -- the page was read since, and the item not made again
    PRIMARY KEY (request_id, carry, item_id)
) WITHOUT ROWID;
CREATE INDEX item_pair_doubted ON item_pair (request_id) WHERE doubted = 1;

CREATE TABLE item_doubt (item_id INTEGER PRIMARY KEY);  -- lost a row above: gone, if it was the last

ALTER TABLE item ADD COLUMN gone_run INTEGER;  -- that judged it gone; NULL: it is live
CREATE INDEX item_gone ON item (gone_run) WHERE gone_run IS NOT NULL;
ALTER TABLE item_history ADD COLUMN gone_run INTEGER;  -- in which this version went
