package checkout

import (
	"context"
	"time"

	"github.com/postern-gateway/postern/gateway/store"
)

// The steps of a saga, as they are stored. A renamed one strands running sagas.
const (
	stepAuthorizing   = "authorizing"
	stepPlacing       = "placing"
	stepCapturing     = "capturing"
	stepRecording     = "recording"
	stepSweeping      = "sweeping"
	stepUnplacing     = "unplacing"
	stepVoiding       = "voiding"
	stepRefunding     = "refunding"
	stepReturning     = "returning"
	stepReleasing     = "releasing"
	stepConsenting    = "consenting"
	stepNeedsOperator = "needs_operator"
	stepClosed        = "closed"
)

// Step is one row of the table of the saga.
type Step struct {
	// Does is the outside write of the step, after the middle part of its key.
	Does string
	// Leads is where its outcomes lead.
	Leads string
	// Live says that the session is bound: no update, no cancel, no expiry (S1).
	Live bool
	// Money says that the step speaks to the payment account, which must be the frozen one (S6).
	Money bool
	// Shop says that the step speaks to the shop, or holds money for an order there. The shop must be the frozen one too.
	Shop bool

	run func(context.Context, *run) (next, error)
}

// Steps is the whole saga, by the stored name of the step. A row is reached by a commit that also marks the intent of what the row does;
// the row acts; and its outcome is the next commit. From placing on a saga only goes forward, or is undone step by step with everything
// read back.
//
//	authorizing ──held──► placing ──placed──► capturing ──taken──► recording ──► sweeping ──► closed
//	     │                   │                    │                    │
//	  declined            refused              refused             refused for good
//	     │                   ▼                    ▼                    ▼
//	     ├───────────────► voiding ◄────────── unplacing           returning
//	     ▼                   │ taken after all                         │
//	  reopened ◄── canceled ─┴──► refunding ──► reopened               ▼
//	                                                                 closed
//
// Reopened is no step: the session is open again, and the saga goes on to releasing its cart, by way of sweeping when a call to place
// was ever in doubt, because its order may appear at any time.
func Steps() map[string]Step {
	return map[string]Step{
		stepAuthorizing: {
			Does: "auth: hold the total on the token", Live: true, Money: true, Shop: true, run: authorize,
			Leads: "held: placing; declined or refused: voiding, or reopened when there is nothing to void; unknown: again with the same key (S6)",
		},
		stepPlacing: {
			Does: "order: place the shop's order, fenced by fingerprint and total", Live: true, Shop: true, run: place,
			Leads: "placed as frozen: capturing; placed otherwise: unplacing (S4); refused: voiding; unknown: quarantine, look-up, then act (S5)",
		},
		stepCapturing: {
			Does: "capture: take the hold", Live: true, Money: true, run: capture,
			Leads: "taken: completed and recording; refused for good: unplacing (S11); unknown: read back, again with the same key",
		},
		stepRecording: {
			Does: "record: tell the shop that it is paid", Shop: true, run: record,
			Leads: "done: sweeping; refused for good: read back, then returning or needs_operator by policy (S11)",
		},
		stepSweeping: {
			Does: "extra: cancel an unpaid order under our exact key that must not be: a second one, or any of an undone attempt", Shop: true, run: sweep,
			Leads: "after the last search: closed (S16), or releasing the cart of an undone attempt",
		},
		stepUnplacing: {
			Does: "cancel: cancel the shop's order", Live: true, Shop: true, run: unplace,
			Leads: "read back as canceled: voiding, or refunding what was taken; refused: needs_operator",
		},
		stepVoiding: {
			Does: "void: let the hold go", Live: true, Money: true, run: void,
			Leads: "read back as canceled: reopened (S2); taken after all: refunding",
		},
		stepRefunding: {
			Does: "payback: give back what was taken although no order stands", Live: true, Money: true, run: refund,
			Leads: "made: reopened; pending: looked at until it is made; refused or failed: needs_operator",
		},
		stepReturning: {
			Does: "cancel and refund: undo a completed order that the shop will not note as paid", Money: true, Shop: true, run: giveBack,
			Leads: "made: order_update and closed; pending: order_update, looked at until it is made; refused or failed: needs_operator",
		},
		stepReleasing: {
			Does: "release: drop the shop's cart", Shop: true, run: release,
			Leads: "done, refused or tried often enough: closed",
		},
		stepConsenting: {
			Does: "consent: tell the shop what the buyer answered about marketing, one channel after the other", Shop: true, run: tellConsent,
			Leads: "done or refused for good: the next channel, then closed. It is a saga of its own, begun with the order: nothing waits for it",
		},
		stepNeedsOperator: {
			Does: "nothing: a person decides", Live: true, run: rest, Leads: "stays",
		},
		stepClosed: {Does: "nothing", run: rest, Leads: "stays"},
	}
}

// next is where a step leads. The zero value stays at the step and comes back at once.
type next struct {
	step string
	// wait gives the saga up for so long.
	wait time.Duration
	// settled says that no outside write of the step is open any more; the mark is cleared.
	settled bool
	// note is for the history.
	note string
	// batch is what is written together with the saga.
	batch store.Batch
	// done says that the step has committed by itself.
	done bool
}

// forever is the wait of a saga that only a person can move.
const forever = 100 * 365 * 24 * time.Hour

func rest(context.Context, *run) (next, error) { return next{wait: forever}, nil }
