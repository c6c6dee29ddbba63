-- What links carry, and what pages give of items that read it; see docs/adr/0009.

CREATE TABLE item_half (
    request_id INTEGER NOT NULL,  -- the page
    position INTEGER NOT NULL,
    rule TEXT NOT NULL,
    type TEXT NOT NULL,
    key TEXT NOT NULL,
    data TEXT NOT NULL,  -- JSON: the page's own values
    rejected INTEGER NOT NULL,
    leads TEXT,  -- JSON: [request, fields] of each link that carries on; NULL: there is none
    cycle INTEGER NOT NULL,  -- in which the page was read
    paired INTEGER NOT NULL DEFAULT 0,  -- has met a carry since
    PRIMARY KEY (request_id, position)
) WITHOUT ROWID;
CREATE INDEX item_half_cycle ON item_half (cycle, request_id);

CREATE TABLE item_carry (
    request_id INTEGER NOT NULL,  -- the page that it is carried to
    hash TEXT NOT NULL,
    parent_id INTEGER NOT NULL,  -- the page with the link
    data TEXT NOT NULL,  -- JSON: field -> value
    cycle INTEGER NOT NULL,  -- the last one in which it was shown, or held good
    PRIMARY KEY (request_id, hash, parent_id)
) WITHOUT ROWID;

CREATE TABLE item_invalid (
    request_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    carry TEXT NOT NULL,
    field TEXT NOT NULL,
    type TEXT NOT NULL,
    count INTEGER NOT NULL,  -- carried values that do not convert
    cycle INTEGER NOT NULL,
    PRIMARY KEY (request_id, position, carry, field)
) WITHOUT ROWID;

ALTER TABLE item ADD COLUMN carry TEXT NOT NULL DEFAULT '';  -- hash of what it read of a carry

ALTER TABLE rejected ADD COLUMN carry TEXT;
CREATE INDEX rejected_carry ON rejected (request_id, carry) WHERE carry IS NOT NULL;
