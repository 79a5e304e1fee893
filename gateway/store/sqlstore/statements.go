package sqlstore

// read names a statement of the reading pool, write one of the writer. A test walks both lists: every write that changes a row names
// the whole key of its table, so that no request reaches the row of another session.
type (
	read  int
	write int
)

const (
	sessionByID read = iota
	sessionsExpired
	cartByID
	cartsDue
	answerByKey
	sagasOfSession
	orderByRef
	orderOfSession
	refundsOfOrder
	cursorOfShop
	deliveriesOfLane
	logOfSession
	probeRead
	reads
)

const (
	txBegin write = iota
	txCommit
	txRollback
	savepoint
	savepointRelease
	savepointRollback
	sessionInsert
	sessionUpdate
	sessionUpdateIdle
	cartInsert
	cartUpdate
	cartDelete
	sagaInsert
	sagaUpdate
	sagasAcquire
	answerUpsert
	orderInsert
	orderUpdate
	refundInsert
	refundUpdate
	refundsAcquire
	cursorInsert
	cursorUpdate
	deliveryInsert
	deliverySupersede
	deliveryUpdate
	deliveriesAcquire
	logInsert
	answersSweep
	tokensSweep
	probeWrite
	writes
)

const (
	sessionColumns  = `id, agent, shop, status, live, answered, version, expires_at, updated_at, body`
	cartColumns     = `id, agent, shop, ended, version, due_at, updated_at, body`
	sagaColumns     = `session_id, attempt, shop, agent, step, live, version, owner, lease_until, due_at, mark, closed, body, token, token_until, created_at`
	orderColumns    = `shop, ref, session_id, agent, intent_id, version, updated_at, body`
	refundColumns   = `shop, order_ref, id, state, minor, currency, processor_id, version, owner, lease_until, due_at, mark, attempts`
	deliveryColumns = `seq, id, lane, agent, type, state, attempts, due_at, owner, lease_until, created_at, last_result, trace, body`
)

var readText = [reads]string{
	sessionByID: `SELECT ` + sessionColumns + ` FROM sessions WHERE id = ?`,
	sessionsExpired: `SELECT ` + sessionColumns + ` FROM sessions
		WHERE idle = 1 AND expires_at <= ?
		AND NOT EXISTS (SELECT 1 FROM sagas WHERE sagas.session_id = sessions.id AND sagas.live = 1)
		ORDER BY expires_at, id LIMIT ?`,
	cartByID:         `SELECT ` + cartColumns + ` FROM carts WHERE id = ?`,
	cartsDue:         `SELECT ` + cartColumns + ` FROM carts WHERE due_at <= ? ORDER BY due_at, id LIMIT ?`,
	answerByKey:      `SELECT fingerprint, at, status, body FROM answers WHERE agent = ? AND path = ? AND key = ? AND at >= ?`,
	sagasOfSession:   `SELECT ` + sagaColumns + ` FROM sagas WHERE session_id = ? ORDER BY attempt`,
	orderByRef:       `SELECT ` + orderColumns + ` FROM orders WHERE shop = ? AND ref = ?`,
	orderOfSession:   `SELECT ` + orderColumns + ` FROM orders WHERE session_id = ?`,
	refundsOfOrder:   `SELECT ` + refundColumns + ` FROM refunds WHERE shop = ? AND order_ref = ? ORDER BY seq`,
	cursorOfShop:     `SELECT place FROM cursors WHERE shop = ?`,
	deliveriesOfLane: `SELECT ` + deliveryColumns + ` FROM deliveries WHERE lane = ? ORDER BY seq`,
	logOfSession:     `SELECT at, session_id, attempt, note FROM session_log WHERE session_id = ? ORDER BY seq`,
	probeRead:        `SELECT value FROM meta WHERE name = 'key_check'`,
}

var writeText = [writes]string{ //nolint:gosec // G101 takes a column named token for a credential.
	txBegin:           `BEGIN IMMEDIATE`,
	txCommit:          `COMMIT`,
	txRollback:        `ROLLBACK`,
	savepoint:         `SAVEPOINT request`,
	savepointRelease:  `RELEASE SAVEPOINT request`,
	savepointRollback: `ROLLBACK TO SAVEPOINT request`,

	sessionInsert: `INSERT INTO sessions (id, agent, shop, status, live, answered, idle, version, expires_at, updated_at, body)
		VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?) ON CONFLICT DO NOTHING`,
	sessionUpdate: `UPDATE sessions SET status = ?, live = ?, answered = ?, idle = ?, version = version + 1, expires_at = ?, updated_at = ?, body = ?
		WHERE id = ? AND agent = ? AND shop = ? AND version = ?`,
	sessionUpdateIdle: `UPDATE sessions SET status = ?, live = ?, answered = ?, idle = ?, version = version + 1, expires_at = ?, updated_at = ?, body = ?
		WHERE id = ? AND agent = ? AND shop = ? AND version = ?
		AND live = 0 AND NOT EXISTS (SELECT 1 FROM sagas WHERE sagas.session_id = sessions.id AND sagas.live = 1)`,

	cartInsert: `INSERT INTO carts (` + cartColumns + `) VALUES (?, ?, ?, ?, 1, ?, ?, ?) ON CONFLICT DO NOTHING`,
	cartUpdate: `UPDATE carts SET ended = ?, version = version + 1, due_at = ?, updated_at = ?, body = ?
		WHERE id = ? AND agent = ? AND shop = ? AND version = ?`,
	cartDelete: `DELETE FROM carts WHERE id = ? AND agent = ? AND shop = ? AND version = ?`,

	sagaInsert: `INSERT INTO sagas (` + sagaColumns + `)
		VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
	sagaUpdate: `UPDATE sagas SET step = ?, live = ?, version = version + 1, owner = ?, lease_until = ?, due_at = ?, mark = ?, closed = ?,
		body = ?, token = ?, token_until = ?
		WHERE session_id = ? AND attempt = ? AND shop = ? AND agent = ? AND version = ? AND owner = ?`,
	sagasAcquire: `UPDATE sagas SET owner = ?, lease_until = ?, version = version + 1
		WHERE (session_id, attempt) IN (SELECT session_id, attempt FROM sagas
			WHERE closed = 0 AND due_at <= ? AND (owner = '' OR lease_until <= ?)
			ORDER BY due_at, session_id, attempt LIMIT ?)
		RETURNING ` + sagaColumns,

	answerUpsert: `INSERT INTO answers (agent, path, key, fingerprint, at, status, body) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (agent, path, key) DO UPDATE
		SET fingerprint = excluded.fingerprint, at = excluded.at, status = excluded.status, body = excluded.body
		WHERE answers.at < ?`,

	orderInsert: `INSERT INTO orders (` + orderColumns + `) VALUES (?, ?, ?, ?, ?, 1, ?, ?) ON CONFLICT DO NOTHING`,
	orderUpdate: `UPDATE orders SET intent_id = ?, version = version + 1, updated_at = ?, body = ?
		WHERE shop = ? AND ref = ? AND session_id = ? AND agent = ? AND version = ?`,

	refundInsert: `INSERT INTO refunds (` + refundColumns + `)
		VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
	refundUpdate: `UPDATE refunds SET state = ?, processor_id = ?, version = version + 1, owner = ?, lease_until = ?, due_at = ?, mark = ?, attempts = ?
		WHERE shop = ? AND order_ref = ? AND id = ? AND version = ?`,
	refundsAcquire: `UPDATE refunds SET owner = ?, lease_until = ?, version = version + 1
		WHERE (shop, order_ref, id) IN (SELECT shop, order_ref, id FROM refunds
			WHERE state = 'due' AND due_at <= ? AND (owner = '' OR lease_until <= ?)
			ORDER BY due_at, seq LIMIT ?)
		RETURNING ` + refundColumns,

	cursorInsert: `INSERT INTO cursors (shop, place) VALUES (?, ?) ON CONFLICT DO NOTHING`,
	cursorUpdate: `UPDATE cursors SET place = ? WHERE shop = ? AND place = ?`,

	deliveryInsert: `INSERT INTO deliveries (id, lane, agent, type, state, attempts, due_at, owner, lease_until, created_at, last_result, trace, body)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
	deliverySupersede: `UPDATE deliveries SET state = 'superseded' WHERE lane = ? AND state = 'pending' AND type = 'order_update' AND owner = ''`,
	// An order_update that would wait again behind a newer one is superseded: the newer one came while it was out.
	deliveryUpdate: `UPDATE deliveries SET state = CASE WHEN ? = 'pending' AND ? = '' AND type = 'order_update' AND EXISTS (
			SELECT 1 FROM deliveries e WHERE e.lane = deliveries.lane AND e.state = 'pending' AND e.seq > deliveries.seq AND e.type = 'order_update')
			THEN 'superseded' ELSE ? END,
		attempts = ?, due_at = ?, last_result = ?, owner = ?, lease_until = ?
		WHERE id = ? AND state = 'pending' AND owner = ?`,
	// The lane's first pending delivery only, and only while no other of the lane is out.
	deliveriesAcquire: `UPDATE deliveries SET owner = ?, lease_until = ?
		WHERE id IN (SELECT d.id FROM deliveries d
			WHERE d.state = 'pending' AND d.due_at <= ? AND (d.owner = '' OR d.lease_until <= ?)
			AND NOT EXISTS (SELECT 1 FROM deliveries e WHERE e.lane = d.lane AND e.state = 'pending'
				AND (e.seq < d.seq OR (e.seq > d.seq AND e.owner <> '' AND e.lease_until > ?)))
			ORDER BY d.due_at, d.seq LIMIT ?)
		RETURNING ` + deliveryColumns,

	logInsert: `INSERT INTO session_log (session_id, attempt, at, note) VALUES (?, ?, ?, ?)`,

	answersSweep: `DELETE FROM answers WHERE (agent, path, key) IN (SELECT agent, path, key FROM answers WHERE at < ? ORDER BY at LIMIT ?)`,
	tokensSweep: `UPDATE sagas SET token = NULL WHERE (session_id, attempt) IN (SELECT session_id, attempt FROM sagas
		WHERE token IS NOT NULL AND token_until > ? AND token_until <= ? ORDER BY token_until LIMIT ?)`,
	probeWrite: `INSERT INTO meta (name, value) VALUES ('probe', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
}

// freeText runs once, when the file is opened: it takes every lease of the process before away.
var freeText = [...]string{
	`UPDATE sagas SET owner = '', lease_until = ? WHERE closed = 0 AND owner <> ''`,
	`UPDATE refunds SET owner = '', lease_until = ? WHERE state = 'due' AND owner <> ''`,
	`UPDATE deliveries SET owner = '', lease_until = ? WHERE state = 'pending' AND owner <> ''`,
}
