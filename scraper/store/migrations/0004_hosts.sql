-- What was learnt about hosts, for the next run.

ALTER TABLE host ADD COLUMN slow_s REAL;  -- between two starts, beyond what is asked for; NULL: 0

CREATE TABLE robots (
    origin TEXT PRIMARY KEY,  -- "https://shop.example"
    fetched_at REAL NOT NULL,
    body BLOB NOT NULL  -- empty: everything is allowed
);
CREATE INDEX robots_fetched ON robots (fetched_at);
