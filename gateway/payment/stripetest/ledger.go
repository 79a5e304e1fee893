package stripetest

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Intent is a PaymentIntent as the ledger shows it. Amounts are minor units.
type Intent struct {
	ID            string            `json:"id"`
	Status        string            `json:"status"`
	Currency      string            `json:"currency"`
	Amount        int64             `json:"amount"`
	Held          int64             `json:"held"`     // an open hold
	Captured      int64             `json:"captured"` // taken from the buyer
	Refunded      int64             `json:"refunded"` // given back of it
	Captures      int               `json:"captures"` // how often money was taken; more than one is a fault of this server
	Token         string            `json:"token,omitempty"`
	Metadata      map[string]string `json:"metadata"`
	Created       time.Time         `json:"created"`
	CaptureBefore time.Time         `json:"capture_before,omitzero"`
	CancelReason  string            `json:"cancel_reason,omitempty"`
	// ThreeDS is the transaction id of the authentication that was handed in with the payment; empty: none was.
	ThreeDS string `json:"three_ds,omitempty"`
	// MovedFrom and MovedUntil are the first and the last moment at which the intent held or had taken money, as places in the order of
	// all such moments of the account, from 1. MovedFrom is zero for an intent that never did, MovedUntil for one that still does.
	MovedFrom  int `json:"moved_from,omitempty"`
	MovedUntil int `json:"moved_until,omitempty"`
}

// Moved reports whether the intent holds or has taken money: what may exist at most once for a checkout.
func (i Intent) Moved() bool { return moved(i.Status) }

// Refund is a refund as the ledger shows it.
type Refund struct {
	ID       string            `json:"id"`
	Intent   string            `json:"intent"`
	Status   string            `json:"status"`
	Currency string            `json:"currency"`
	Amount   int64             `json:"amount"`
	Reason   string            `json:"reason,omitempty"`
	Metadata map[string]string `json:"metadata"`
	Created  time.Time         `json:"created"`
}

// Ledger is where all of the seller's money is, oldest first.
type Ledger struct {
	Intents []Intent `json:"intents"`
	Refunds []Refund `json:"refunds"`
}

// Ledger takes a snapshot of the first seller's money.
func (s *Server) Ledger() Ledger {
	defer s.post.wake()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(s.clock.Now())
	return s.accounts[0].ledger()
}

func (a *account) ledger() Ledger {
	out := Ledger{Intents: []Intent{}, Refunds: []Refund{}}
	for _, pi := range a.intents.list {
		i := Intent{
			ID: pi.id, Status: pi.status, Currency: pi.currency, Amount: pi.amount, Held: pi.capturable, Captured: pi.received,
			Metadata: maps.Clone(pi.metadata), Created: pi.created, CaptureBefore: pi.captureBefore, CancelReason: pi.cancelReason,
			MovedFrom: pi.movedFrom, MovedUntil: pi.movedUntil,
		}
		if pi.charge != nil {
			i.Refunded, i.Captures = pi.charge.refunded, pi.charge.captures
		}
		if pi.token != nil {
			i.Token = pi.token.id
		}
		if pi.threeDS != nil {
			i.ThreeDS = pi.threeDS.transaction
		}
		out.Intents = append(out.Intents, i)
	}
	for _, r := range a.refunds.list {
		out.Refunds = append(out.Refunds, Refund{
			ID: r.id, Intent: r.charge.intent.id, Status: r.status, Currency: r.charge.intent.currency, Amount: r.amount,
			Reason: r.reason, Metadata: maps.Clone(r.metadata), Created: r.created,
		})
	}
	return out
}

// With keeps the intents whose metadata has key=value, and their refunds.
func (l Ledger) With(key, value string) Ledger {
	out := Ledger{Intents: []Intent{}, Refunds: []Refund{}}
	for _, i := range l.Intents {
		if i.Metadata[key] == value {
			out.Intents = append(out.Intents, i)
		}
	}
	for _, r := range l.Refunds {
		if slices.ContainsFunc(out.Intents, func(i Intent) bool { return i.ID == r.Intent }) {
			out.Refunds = append(out.Refunds, r)
		}
	}
	return out
}

// By groups the intents by the value of a metadata key; intents without it stand under "".
func (l Ledger) By(key string) map[string][]Intent {
	out := map[string][]Intent{}
	for _, i := range l.Intents {
		out[i.Metadata[key]] = append(out[i.Metadata[key]], i)
	}
	return out
}

// Intent finds one intent by id.
func (l Ledger) Intent(id string) (Intent, bool) {
	i := slices.IndexFunc(l.Intents, func(i Intent) bool { return i.ID == id })
	if i < 0 {
		return Intent{}, false
	}
	return l.Intents[i], true
}

// Captured is the sum of money taken in a currency, before refunds, in minor units.
func (l Ledger) Captured(currency string) int64 {
	return l.sum(currency, func(i Intent) int64 { return i.Captured })
}

// Held is the sum of open holds in a currency, in minor units.
func (l Ledger) Held(currency string) int64 {
	return l.sum(currency, func(i Intent) int64 { return i.Held })
}

// Refunded is the sum of money given back in a currency, in minor units.
func (l Ledger) Refunded(currency string) int64 {
	return l.sum(currency, func(i Intent) int64 { return i.Refunded })
}

func (l Ledger) sum(currency string, of func(Intent) int64) int64 {
	var total int64
	for _, i := range l.Intents {
		if i.Currency == currency {
			total += of(i)
		}
	}
	return total
}

// Holds are the open holds.
func (l Ledger) Holds() []Intent {
	return slices.DeleteFunc(slices.Clone(l.Intents), func(i Intent) bool { return i.Held == 0 })
}

// Peak is the most intents with that value of the metadata key that held or had taken money at one and the same moment, ever. A buyer is
// never charged twice, not even for a moment that is undone later, where it is at most 1 for a checkout. It is 0 where none did.
func (l Ledger) Peak(key, value string) int { return peak(l.By(key)[value]) }

func peak(intents []Intent) (most int) {
	for _, start := range intents {
		at, n := start.MovedFrom, 0
		for _, i := range intents {
			if i.MovedFrom != 0 && i.MovedFrom <= at && (i.MovedUntil == 0 || i.MovedUntil > at) {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

// Check proves what must hold at every moment: nothing captured twice, nothing captured above the amount, refunds within captures,
// and never more than one intent per value of the metadata key that holds or has taken money, as [Ledger.Peak] counts them.
func (l Ledger) Check(key string) error {
	for _, i := range l.Intents {
		switch {
		case i.Captures > 1:
			return fmt.Errorf("intent %s was captured %d times", i.ID, i.Captures)
		case i.Captured+i.Held > i.Amount:
			return fmt.Errorf("intent %s took %d of %d", i.ID, i.Captured+i.Held, i.Amount)
		case i.Refunded > i.Captured:
			return fmt.Errorf("intent %s gave back %d of %d", i.ID, i.Refunded, i.Captured)
		}
	}
	for value, intents := range l.By(key) {
		if n := peak(intents); value != "" && n > 1 {
			return fmt.Errorf("%s=%s had %d intents at once that held or took money", key, value, n)
		}
	}
	return nil
}
