// Package sqlstore keeps the store.Store contract in one SQLite file.
//
// Start with [Open]. A write travels: the caller's goroutine seals the bodies and queues a request (store.go); the one writer goroutine
// (writer.go) collects what waits into a transaction, each request in a savepoint of its own, and commits once for all of them; the
// caller gets nil only after that COMMIT, which with synchronous=FULL is on the disk. Reads use a small pool beside it. All SQL is in
// statements.go, the tables are in migrations.
//
// What is where at rest: ids, states, times and versions are plain, so that they can be asked for; every body and payment token is
// sealed with AES-256-GCM (seal.go), bound to its row, so that neither the file nor its -wal shows a token or a buyer and no row can be
// passed off as another.
//
// One process has one file: a lock on a side file keeps others out, and so the leases and claims of an earlier process are void when
// the file is opened. That is also why claims that are not answered yet live in memory (claims.go): they end with the process anyhow,
// and an idempotent request costs one commit in place of two.
//
// The SQL keeps to what PostgreSQL understands as well, except for the statements that open and close a transaction.
//
// The package imports commerce, store, the SQLite driver and goose.
package sqlstore
