-- Points in time are seconds since the epoch, UTC. Keys and hashes are 16 bytes (BLAKE2b).

PRAGMA application_id = 1935897200;  -- "scrp": how a reader knows whose file this is

CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    cycle INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'done', 'stopped', 'broken', 'dead')),
    started_at REAL NOT NULL,
    ended_at REAL,
    exit_status INTEGER,
    stopped_by TEXT,
    resumed INTEGER NOT NULL DEFAULT 0,
    cycle_ended INTEGER NOT NULL DEFAULT 0,
    version TEXT NOT NULL,
    config_hash TEXT,
    pid INTEGER,
    stats TEXT NOT NULL DEFAULT '{}'
);

CREATE INDEX run_cycle ON run (cycle);

CREATE TABLE cycle (
    id INTEGER PRIMARY KEY,
    began_at REAL NOT NULL,
    ended_at REAL,
    fresh INTEGER NOT NULL DEFAULT 0,
    seeded INTEGER NOT NULL DEFAULT 0,
    due_id INTEGER  -- rows up to this id were looked at by make_due; NULL: all of them
);

CREATE TABLE request (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,
    url TEXT NOT NULL,
    method TEXT NOT NULL DEFAULT 'GET',
    headers TEXT,
    body BLOB,
    host TEXT NOT NULL,
    page TEXT,
    depth INTEGER NOT NULL DEFAULT 0,
    seed INTEGER NOT NULL DEFAULT 0,
    carry TEXT,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'done', 'failed', 'skipped')),
    reason TEXT,
    cycle INTEGER NOT NULL,
    due_at REAL,
    attempts INTEGER NOT NULL DEFAULT 0,
    sent_at REAL,  -- set before a request that is no GET is sent, until its outcome is stored
    final_key BLOB  -- of the page that answered, where redirects led elsewhere
);

CREATE INDEX request_fresh ON request (host, depth, id)
    WHERE state = 'waiting' AND due_at IS NULL;
CREATE INDEX request_retry ON request (due_at)
    WHERE state = 'waiting' AND due_at IS NOT NULL;
CREATE INDEX request_sent ON request (sent_at) WHERE sent_at IS NOT NULL;
CREATE INDEX request_final ON request (final_key, cycle) WHERE final_key IS NOT NULL;
CREATE INDEX request_state ON request (state, reason, cycle);

CREATE TABLE visit (
    run_id INTEGER NOT NULL,
    request_id INTEGER NOT NULL,
    state TEXT NOT NULL,
    status INTEGER,
    reason TEXT,
    detail TEXT,
    final_url TEXT,
    rule TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    body_bytes INTEGER NOT NULL DEFAULT 0,
    wire_bytes INTEGER NOT NULL DEFAULT 0,
    placed TEXT,
    links_found INTEGER NOT NULL DEFAULT 0,
    links_new INTEGER NOT NULL DEFAULT 0,
    links_out_of_scope INTEGER NOT NULL DEFAULT 0,
    items INTEGER NOT NULL DEFAULT 0,
    rejected INTEGER NOT NULL DEFAULT 0,
    at REAL NOT NULL,
    turn_s REAL,
    slot_s REAL,
    dns_s REAL,
    connect_s REAL,
    first_byte_s REAL,
    body_s REAL,
    worker_s REAL,
    parse_s REAL,
    writer_s REAL,
    invalid TEXT,
    PRIMARY KEY (run_id, request_id)
) WITHOUT ROWID;

CREATE TABLE item (
    id INTEGER PRIMARY KEY,
    type TEXT NOT NULL,
    key TEXT NOT NULL,
    data TEXT NOT NULL,
    hash BLOB NOT NULL,
    before_hash BLOB,  -- of its version before cycle last_cycle; NULL: there was none
    request_id INTEGER NOT NULL,
    request_key BLOB NOT NULL,
    position INTEGER NOT NULL,
    first_run INTEGER NOT NULL,
    last_run INTEGER NOT NULL,
    changed_run INTEGER NOT NULL,
    changed_at REAL NOT NULL,
    first_cycle INTEGER NOT NULL,
    last_cycle INTEGER NOT NULL,
    fetched_at REAL NOT NULL,
    UNIQUE (type, key)
);

CREATE TABLE item_history (
    id INTEGER PRIMARY KEY,
    type TEXT NOT NULL,
    key TEXT NOT NULL,
    run INTEGER NOT NULL,  -- in which this version appeared
    at REAL NOT NULL,
    data TEXT NOT NULL,
    hash BLOB NOT NULL
);
CREATE INDEX item_history_key ON item_history (type, key, id);

CREATE TABLE rejected (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL,
    request_id INTEGER NOT NULL,
    type TEXT NOT NULL,
    field TEXT NOT NULL,
    reason TEXT NOT NULL,
    position INTEGER NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX rejected_request ON rejected (request_id, run_id);
CREATE INDEX rejected_run ON rejected (run_id);

CREATE TABLE host (
    host TEXT PRIMARY KEY,  -- "name:port" for pauses, the bare name for scope
    in_scope INTEGER NOT NULL DEFAULT 0,
    paused_until REAL
) WITHOUT ROWID;

CREATE TABLE lock (
    token INTEGER NOT NULL,  -- one more with every run: an older run cannot commit any more
    pid INTEGER,
    host_name TEXT,
    taken_at REAL
);
INSERT INTO lock (token) VALUES (0);
