// Package store is the contract for what Postern must never forget: sessions, saved carts, sagas, stored answers, orders, refunds and the events
// that wait for delivery.
//
// Start with [Store] and its one write, [Store.Commit]: a [Batch] happens as a whole or not at all, and every part of it is
// conditional on what the writer read before. The rules are the suite in storetest; sqlstore is the implementation. Every Body and
// Token is opaque here and is sealed at rest by the implementation, so that the file shows no token and no buyer.
//
// The package imports commerce and the standard library.
package store

import (
	"context"
	"errors"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// The conditions that a caller must tell apart. Any other error of a write leaves its outcome open.
var (
	// ErrNotFound says that there is no such row.
	ErrNotFound = errors.New("not found")
	// ErrStale says that a row is not in the version, owner or state that the write was conditional on. Nothing was written.
	ErrStale = errors.New("changed by somebody else")
	// ErrClaimLost says that the claim of an answer is no longer the writer's. Nothing was written.
	ErrClaimLost = errors.New("idempotency claim lost")
	// ErrNotWritten says that the write did not happen and may be tried again: its context ended while it waited for its turn, the
	// store is closed, or the storage refused it before the commit. A disk that fills up in the commit itself leaves it open.
	ErrNotWritten = errors.New("nothing was written")
)

// Store keeps rows. It is safe for concurrent use. Times are kept in UTC with microseconds. Rows come back unsealed, with an empty Body
// or Token as nil.
//
// A row that cannot be unsealed fails the call that asked for it alone. Where a call brings rows of several orders or sessions, and in
// Deliveries, the others come back whole and this one with Damaged set and neither Body nor Token: its caller tells a person and leaves
// it out. The store never changes what it cannot read.
//
// A write whose context ends either surely did not happen (ErrNotWritten) or is waited for, and its true result is returned: a write
// never goes on behind the back of its caller.
type Store interface {
	// Session reads a session of any owner, or fails with ErrNotFound. Whoever answers an agent compares the owner.
	Session(ctx context.Context, id string) (Session, error)
	// ExpiredSessions lists open sessions without a live saga whose time has passed, oldest first.
	ExpiredSessions(ctx context.Context, now time.Time, limit int) ([]Session, error)

	// Cart reads a saved cart of any owner, or fails with ErrNotFound. Whoever answers an agent compares the owner.
	Cart(ctx context.Context, id string) (Cart, error)
	// DueCarts lists carts whose DueAt has come, oldest first. It leases nothing: giving a cart back twice changes nothing.
	DueCarts(ctx context.Context, now time.Time, limit int) ([]Cart, error)

	// Claim takes an idempotency key, or tells who has it. An answered claim older than Retention counts as gone.
	Claim(ctx context.Context, c Claim) (existing Claim, taken bool, err error)
	// Release gives an unanswered claim up, so that the key is free for any body. It does nothing when the claim is not the
	// caller's. A ctx that has ended does not stop it, because that is when a request gives up.
	Release(ctx context.Context, c Claim) error

	// Sagas reads all attempts of a session, oldest first.
	Sagas(ctx context.Context, sessionID string) ([]Saga, error)
	// AcquireSagas leases open sagas that are due and belong to nobody, or to an owner whose lease has ended, the longest due first.
	// Leasing raises Version, so that whoever held the row before can no longer commit.
	AcquireSagas(ctx context.Context, l Lease, limit int) ([]Saga, error)

	// Order reads an order by the shop's ref, or fails with ErrNotFound.
	Order(ctx context.Context, shop, ref string) (Order, error)
	// OrderOfSession reads the order of a session, or fails with ErrNotFound.
	OrderOfSession(ctx context.Context, sessionID string) (Order, error)
	// Refunds reads the refunds of an order, oldest first.
	Refunds(ctx context.Context, shop, orderRef string) ([]Refund, error)
	// AcquireRefunds leases refunds in RefundDue whose time has come, as AcquireSagas does. RefundNeedsOperator waits for a person.
	AcquireRefunds(ctx context.Context, l Lease, limit int) ([]Refund, error)
	// Cursor is where the change feed of a shop stands; empty at first.
	Cursor(ctx context.Context, shop string) (string, error)

	// AcquireDeliveries leases the first pending delivery of each lane that is due and has no other delivery in flight.
	AcquireDeliveries(ctx context.Context, l Lease, limit int) ([]Delivery, error)
	// Deliveries reads all deliveries of a lane, oldest first.
	Deliveries(ctx context.Context, lane string) ([]Delivery, error)
	// Log reads the history of a session, oldest first.
	Log(ctx context.Context, sessionID string) ([]LogEntry, error)

	// Commit writes the batch as a whole, durable when it returns nil. It fails with ErrStale or ErrClaimLost when a condition does
	// not hold; then, and on any other definite failure, nothing was written.
	Commit(ctx context.Context, b Batch) error

	// Sweep forgets what may be forgotten: answers older than Retention and tokens whose time has passed. It works in small batches
	// and reports how many rows it touched.
	Sweep(ctx context.Context, now time.Time) (int, error)
	// Check proves that the store can be read and written.
	Check(ctx context.Context) error
	// Close waits for the running commits and closes the store.
	Close() error
}

// Retention is how long a stored answer is replayed. ACP asks for 24 hours or more (R:agentic_checkout section 6.6).
const Retention = 25 * time.Hour

// Lease says who takes work, and for how long.
type Lease struct {
	Owner string // the process incarnation
	Now   time.Time
	Until time.Time
}

// Session is a stored checkout session. Body is the whole session.
type Session struct {
	ID, Agent, Shop string
	Status          commerce.Status
	Live            bool  // a saga is between its intent and its end: no update, no cancel, no expiry
	Answered        bool  // a 2xx to a complete that made the order is stored
	Version         int64 // counts from 1; set by the store
	ExpiresAt       time.Time
	UpdatedAt       time.Time
	Body            []byte
	Damaged         error // why Body cannot be unsealed; set by ExpiredSessions only, ignored by writes
}

// Claim is an idempotency key in use: (Agent, Path, Key) is unique. It belongs to the process incarnation Owner until it is answered.
type Claim struct {
	Agent, Path, Key string
	Fingerprint      [32]byte
	Owner            string // incarnation
	Token            string // names this very claim, so that a late writer cannot answer a newer one
	At               time.Time
	Answer           *Answer // nil while the first request runs
}

// Answer is a stored answer, byte for byte.
type Answer struct {
	Status int
	Body   []byte
}

// Saga is one attempt to complete a session. (SessionID, Attempt) is unique, and at most one attempt of a session is Live.
type Saga struct {
	SessionID   string
	Attempt     int // from 1
	Shop, Agent string
	Step        string
	Live        bool  // the session is bound by this attempt
	Version     int64 // counts from 1; set by the store
	Owner       string
	LeaseUntil  time.Time
	DueAt       time.Time // when somebody should look at it; ignored when closed
	Mark        time.Time // when the outside write of Step was intended; zero: none is open
	Closed      bool
	Body        []byte    // frozen parameters and progress
	Token       []byte    // the payment token; empty after TokenUntil
	TokenUntil  time.Time // zero: keep; set when the session closes
	CreatedAt   time.Time
	Damaged     error // why Body or Token cannot be unsealed; set by AcquireSagas only. Writing such a row would destroy it
}

// Order is an order that Postern placed. (Shop, Ref) is unique, and so is SessionID.
type Order struct {
	Shop, Ref string
	SessionID string
	Agent     string
	IntentID  string // of the payment
	Version   int64
	UpdatedAt time.Time
	Body      []byte // the last snapshot and what was told: commerce.OrderRecord.Encode
}

// Lane is the lane of the order's events.
func (o Order) Lane() string { return o.SessionID }

// Refund is a refund that a shop decided. (Shop, OrderRef, ID) is unique.
type Refund struct {
	Shop, OrderRef, ID string
	State              RefundState
	Amount             commerce.Money
	ProcessorID        string // of the refund that the processor made
	Version            int64
	Owner              string
	LeaseUntil         time.Time
	DueAt              time.Time
	Mark               time.Time // when the refund was first sent; zero: never
	Attempts           int
}

// RefundState is how far a refund has come.
type RefundState string

// The states of a refund. Done, Failed and Known are final; Known is a refund that needed no money from us.
const (
	RefundDue           RefundState = "due"
	RefundDone          RefundState = "done"
	RefundFailed        RefundState = "failed"
	RefundKnown         RefundState = "known"
	RefundNeedsOperator RefundState = "needs_operator"
)

// Delivery is an event on its way to an agent. Deliveries of one Lane (an order) go out one at a time, in order of Seq.
type Delivery struct {
	ID         string // of the event, the same at every attempt
	Seq        int64  // set by the store
	Lane       string
	Agent      string
	Type       commerce.EventType
	State      DeliveryState
	Attempts   int
	DueAt      time.Time
	Owner      string
	LeaseUntil time.Time
	CreatedAt  time.Time
	LastResult string // such as "503" or "timeout"; no bodies
	Trace      string // W3C traceparent of what caused the event, for a link
	Body       []byte // the exact bytes that are signed and sent
	Damaged    error  // why Body cannot be unsealed; set by AcquireDeliveries and Deliveries, ignored by writes
}

// DeliveryState is how far a delivery has come.
type DeliveryState string

// The states of a delivery. Superseded means that a newer snapshot of the order took its place before it was delivered.
const (
	DeliveryPending    DeliveryState = "pending"
	DeliveryDelivered  DeliveryState = "delivered"
	DeliverySuperseded DeliveryState = "superseded"
	DeliveryDead       DeliveryState = "dead"
)

// Batch is what one commit writes, in the order of its fields and slices. Parts that are nil or empty are left alone. A saga and an
// order belong to a session that exists, a refund to an order that exists; that row may be in the same batch.
type Batch struct {
	Session *SessionWrite
	Cart    *CartWrite
	Sagas   []SagaWrite
	Answers []AnswerWrite
	Order   *OrderWrite
	Refunds []RefundWrite
	Cursor  *CursorWrite
	// Events are new deliveries, pending unless State says otherwise. An order_update makes the pending order_updates of its lane
	// superseded, except those with an owner. An event whose ID exists is ErrStale.
	Events []Delivery
	// Outcomes end the lease of deliveries. An order_update that would become pending again while a newer order_update of its lane is
	// pending becomes superseded instead.
	Outcomes []DeliveryWrite
	Log      []LogEntry
}

// SessionWrite inserts a session (Expect 0) or replaces the one in version Expect. ID, Agent and Shop never change.
type SessionWrite struct {
	Session Session
	Expect  int64
	// Idle makes the write conditional on there being no live saga before the batch.
	Idle bool
}

// SagaWrite inserts an attempt (Expect 0) or replaces the one in version Expect that Owner holds. The lease and owner of the written
// row are those of Saga: an empty Saga.Owner gives it up. An empty Owner matches a saga that nobody holds. A second live attempt of a
// session is ErrStale. Shop, Agent and CreatedAt never change.
type SagaWrite struct {
	Saga   Saga
	Expect int64
	Owner  string
}

// AnswerWrite answers a claim by compare-and-set on its Token.
type AnswerWrite struct {
	Claim  Claim
	Answer Answer
}

// OrderWrite inserts an order (Expect 0) or replaces the one in version Expect. SessionID and Agent never change; inserting a second
// order of a session is ErrStale.
type OrderWrite struct {
	Order  Order
	Expect int64
}

// RefundWrite inserts a refund (Expect 0) or replaces the one in version Expect. An insert of a refund that exists is
// ErrStale. Amount never changes.
type RefundWrite struct {
	Refund Refund
	Expect int64
}

// CursorWrite moves the change feed of a shop from one place to the next.
type CursorWrite struct{ Shop, From, To string }

// DeliveryWrite sets State, Attempts, DueAt, LastResult, Owner and LeaseUntil of the pending delivery that Owner holds. An empty Owner
// matches a delivery that nobody holds.
type DeliveryWrite struct {
	Delivery Delivery
	Owner    string
}

// LogEntry is a line of the append-only history of a session. Note names steps and ids only.
type LogEntry struct {
	At        time.Time
	SessionID string
	Attempt   int
	Note      string
}

// Adjustments is how far each refund has come, by the shop's refund id, for [commerce.Purchase.Order].
func Adjustments(refunds []Refund) map[string]commerce.AdjustmentStatus {
	m := make(map[string]commerce.AdjustmentStatus, len(refunds))
	for _, r := range refunds {
		switch r.State {
		case RefundDone, RefundKnown:
			m[r.ID] = commerce.AdjustmentCompleted
		case RefundFailed:
			m[r.ID] = commerce.AdjustmentFailed
		case RefundDue, RefundNeedsOperator:
			m[r.ID] = commerce.AdjustmentPending
		}
	}
	return m
}
