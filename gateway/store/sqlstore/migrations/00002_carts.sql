-- +goose Up

CREATE TABLE carts (
    id         TEXT    NOT NULL PRIMARY KEY,
    agent      TEXT    NOT NULL,
    shop       TEXT    NOT NULL,
    ended      INTEGER NOT NULL, -- canceled or expired: kept until the shop has its cart back
    version    BIGINT  NOT NULL,
    due_at     BIGINT  NOT NULL,
    updated_at BIGINT  NOT NULL,
    body       BLOB    NOT NULL
);
CREATE INDEX carts_due ON carts (due_at, id);

-- +goose Down

DROP TABLE carts;
