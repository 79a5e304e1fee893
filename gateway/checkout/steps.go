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
	stepNeedsOperator = "needs_operator"
	stepClosed        = "closed"
)

// step is one row of the table of the saga.
type step struct {
	// does is the one outside write of the step, and its key's middle part.
	does string
	// leads is where its outcomes lead.
	leads string
	// live says that the session is bound: no update, no cancel, no expiry (S1).
	live bool
	run  func(context.Context, *run) (next, error)
}

// steps is the whole saga, by the name of the step. A row is reached by a commit that also marks the intent of what the row does; the row acts; and its
// outcome is the next commit. From placing on a saga only goes forward, or is undone step by step with everything read back.
//
//	authorizing ──held──► placing ──placed──► capturing ──taken──► recording ──► sweeping ──► closed
//	     │                   │                    │                    │
//	  declined            refused              refused             refused for good
//	     │                   ▼                    ▼                    ▼
//	     ├───────────────► voiding ◄────────── unplacing           returning
//	     ▼                   │ taken after all                         │
//	  reopened ◄── canceled ─┴──► refunding ──► reopened               ▼
//	                                                                 closed
func steps() map[string]step {
	return map[string]step{
		stepAuthorizing: {
			does: "auth: hold the total on the token", live: true, run: authorize,
			leads: "held: placing; declined or refused: voiding, or reopened when there is nothing to void; unknown: again with the same key (S6)",
		},
		stepPlacing: {
			does: "order: place the shop's order, fenced by fingerprint and total", live: true, run: place,
			leads: "placed as frozen: capturing; placed otherwise: unplacing (S4); refused: voiding; unknown: quarantine, look-up, then act (S5)",
		},
		stepCapturing: {
			does: "capture: take the hold", live: true, run: capture,
			leads: "taken: completed and recording; refused for good: unplacing (S11); unknown: read back, again with the same key",
		},
		stepRecording: {
			does: "record: tell the shop that it is paid", run: record,
			leads: "done: sweeping; refused for good: read back, then returning or needs_operator by policy (S11)",
		},
		stepSweeping: {
			does: "extra: cancel an unpaid second order under our exact key", run: sweep,
			leads: "after the last search: closed (S16)",
		},
		stepUnplacing: {
			does: "cancel: cancel the shop's order", live: true, run: unplace,
			leads: "read back as canceled: voiding; refused: needs_operator",
		},
		stepVoiding: {
			does: "void: let the hold go", live: true, run: void,
			leads: "read back as canceled: reopened (S2); taken after all: refunding",
		},
		stepRefunding: {
			does: "refund: give back what was taken although no order stands", live: true, run: refund,
			leads: "done: reopened; refused: needs_operator",
		},
		stepReturning: {
			does: "cancel and refund: undo a completed order that the shop will not note as paid", run: giveBack,
			leads: "done: order_update and closed; refused: needs_operator",
		},
		stepReleasing: {
			does: "release: drop the shop's cart", run: release,
			leads: "done, refused or tried often enough: closed",
		},
		stepNeedsOperator: {
			does: "nothing: a person decides", live: true, run: rest, leads: "stays",
		},
		stepClosed: {does: "nothing", run: rest, leads: "stays"},
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
