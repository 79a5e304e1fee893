-- +goose Up

-- Times are microseconds since 1970 UTC; the zero time is -62135596800000000. Truth values are 0 and 1. Bodies and payment tokens are
-- sealed. Tables are ordinary: WITHOUT ROWID doubles the file for rows that carry a body.

CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
);

CREATE TABLE sessions (
    id         TEXT    NOT NULL PRIMARY KEY,
    agent      TEXT    NOT NULL,
    shop       TEXT    NOT NULL,
    status     TEXT    NOT NULL,
    live       INTEGER NOT NULL,
    answered   INTEGER NOT NULL,
    idle       INTEGER NOT NULL, -- neither terminal nor live: it may expire
    version    BIGINT  NOT NULL,
    expires_at BIGINT  NOT NULL,
    updated_at BIGINT  NOT NULL,
    body       BLOB    NOT NULL
);
CREATE INDEX sessions_expiry ON sessions (expires_at) WHERE idle = 1;

-- Only answered requests: a claim that was not answered ends with its process.
CREATE TABLE answers (
    agent       TEXT    NOT NULL,
    path        TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    fingerprint BLOB    NOT NULL,
    at          BIGINT  NOT NULL,
    status      INTEGER NOT NULL,
    body        BLOB    NOT NULL,
    PRIMARY KEY (agent, path, key)
);
CREATE INDEX answers_at ON answers (at);

CREATE TABLE sagas (
    session_id  TEXT    NOT NULL REFERENCES sessions (id),
    attempt     INTEGER NOT NULL,
    shop        TEXT    NOT NULL,
    agent       TEXT    NOT NULL,
    step        TEXT    NOT NULL,
    live        INTEGER NOT NULL,
    version     BIGINT  NOT NULL,
    owner       TEXT    NOT NULL,
    lease_until BIGINT  NOT NULL,
    due_at      BIGINT  NOT NULL,
    mark        BIGINT  NOT NULL,
    closed      INTEGER NOT NULL,
    body        BLOB    NOT NULL,
    token       BLOB, -- null: none, or wiped
    token_until BIGINT  NOT NULL,
    created_at  BIGINT  NOT NULL,
    PRIMARY KEY (session_id, attempt)
);
CREATE UNIQUE INDEX sagas_live ON sagas (session_id) WHERE live = 1;
CREATE INDEX sagas_due ON sagas (due_at) WHERE closed = 0;
CREATE INDEX sagas_token ON sagas (token_until) WHERE token IS NOT NULL;

CREATE TABLE orders (
    shop       TEXT   NOT NULL,
    ref        TEXT   NOT NULL,
    session_id TEXT   NOT NULL UNIQUE REFERENCES sessions (id),
    agent      TEXT   NOT NULL,
    intent_id  TEXT   NOT NULL,
    version    BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    body       BLOB   NOT NULL,
    PRIMARY KEY (shop, ref)
);

CREATE TABLE refunds (
    seq          INTEGER NOT NULL PRIMARY KEY,
    shop         TEXT    NOT NULL,
    order_ref    TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    state        TEXT    NOT NULL,
    minor        BIGINT  NOT NULL,
    currency     TEXT    NOT NULL,
    processor_id TEXT    NOT NULL,
    version      BIGINT  NOT NULL,
    owner        TEXT    NOT NULL,
    lease_until  BIGINT  NOT NULL,
    due_at       BIGINT  NOT NULL,
    mark         BIGINT  NOT NULL,
    attempts     INTEGER NOT NULL,
    UNIQUE (shop, order_ref, id),
    FOREIGN KEY (shop, order_ref) REFERENCES orders (shop, ref)
);
CREATE INDEX refunds_due ON refunds (due_at) WHERE state = 'due';

CREATE TABLE cursors (
    shop  TEXT NOT NULL PRIMARY KEY,
    place TEXT NOT NULL
);

CREATE TABLE deliveries (
    seq         INTEGER NOT NULL PRIMARY KEY,
    id          TEXT    NOT NULL UNIQUE,
    lane        TEXT    NOT NULL,
    agent       TEXT    NOT NULL,
    type        TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    attempts    INTEGER NOT NULL,
    due_at      BIGINT  NOT NULL,
    owner       TEXT    NOT NULL,
    lease_until BIGINT  NOT NULL,
    created_at  BIGINT  NOT NULL,
    last_result TEXT    NOT NULL,
    trace       TEXT    NOT NULL,
    body        BLOB    NOT NULL
);
CREATE INDEX deliveries_lane ON deliveries (lane, state, seq);
CREATE INDEX deliveries_due ON deliveries (due_at) WHERE state = 'pending';

CREATE TABLE session_log (
    seq        INTEGER NOT NULL PRIMARY KEY,
    session_id TEXT    NOT NULL,
    attempt    INTEGER NOT NULL,
    at         BIGINT  NOT NULL,
    note       TEXT    NOT NULL
);
CREATE INDEX session_log_session ON session_log (session_id, seq);

-- +goose Down

DROP TABLE session_log;
DROP TABLE deliveries;
DROP TABLE cursors;
DROP TABLE refunds;
DROP TABLE orders;
DROP TABLE sagas;
DROP TABLE answers;
DROP TABLE sessions;
DROP TABLE meta;
