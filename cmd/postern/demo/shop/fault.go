package shop

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Kind names a way in which the shop misbehaves.
type Kind string

// The kinds of fault. "Acts" means that the call has its whole effect.
const (
	// Slow waits Delay, then acts and answers; it acts even if the caller has left.
	Slow Kind = "slow"
	// SlowAnswer acts at once and answers after Delay.
	SlowAnswer Kind = "slow_answer"
	// Hang does nothing until the caller leaves.
	Hang Kind = "hang"
	// ErrorBefore answers 500 with an HTML page and does not act.
	ErrorBefore Kind = "error_before"
	// ErrorAfter acts, then answers 500 with an HTML page.
	ErrorAfter Kind = "error_after"
	// CutBefore closes the connection and does not act.
	CutBefore Kind = "cut_before"
	// CutAfter acts, then closes the connection without a byte.
	CutAfter Kind = "cut_after"
	// CutMiddle acts, then closes the connection after half of the answer.
	CutMiddle Kind = "cut_middle"
	// Late closes the connection at once and acts Delay later.
	Late Kind = "late"
	// Drip acts and sends the answer one byte per Delay.
	Drip Kind = "drip"
	// Huge acts and sends a JSON object of Bytes bytes (0: 200 MB).
	Huge Kind = "huge"
	// HTML acts and answers 200 with an HTML page.
	HTML Kind = "html"
	// BrokenJSON acts and sends the answer without its second half.
	BrokenJSON Kind = "broken_json"
	// DuplicateKeys acts and sends the answer with "status" in it twice.
	DuplicateKeys Kind = "duplicate_keys"
	// WrongCurrency acts and says EUR where the answer says USD.
	WrongCurrency Kind = "wrong_currency"
	// NegativePrice acts and puts a minus before every price and total.
	NegativePrice Kind = "negative_price"
	// Off answers 503 with an HTML page and does not act.
	Off Kind = "off"
	// Unauthorized answers 401 and does not act.
	Unauthorized Kind = "unauthorized"
	// RateLimited answers 429 with Retry-After: 1 and does not act.
	RateLimited Kind = "rate_limited"
	// SellOut takes the last piece of SKU off the shelf just before the call acts.
	SellOut Kind = "sell_out"
	// Reprice sets the price of SKU to Price just before the call acts.
	Reprice Kind = "reprice"
	// Vanish drops the cart that the call is about just before the call acts.
	Vanish Kind = "vanish"
	// Twice acts twice: placing makes two orders under one reference. The second answer is sent.
	Twice Kind = "twice"
)

var kinds = []Kind{
	Slow, SlowAnswer, Hang, ErrorBefore, ErrorAfter, CutBefore, CutAfter, CutMiddle, Late, Drip, Huge, HTML, BrokenJSON,
	DuplicateKeys, WrongCurrency, NegativePrice, Off, Unauthorized, RateLimited, SellOut, Reprice, Vanish, Twice,
}

// Forever as a fault's Times keeps it until it is cleared.
const Forever = -1

// Fault is one misbehaviour that waits for its call. A call takes the first
// fault in the order of their setting that matches it, and no other.
type Fault struct {
	// Operation is the call that is hit: an [Operation], "order.*" for a family, or "*".
	Operation string `json:"operation"`
	Kind      Kind   `json:"kind"`
	// Times is how many calls are hit: 0 means one, [Forever] all.
	Times int `json:"times,omitempty"`
	// Skip lets that many matching calls pass first.
	Skip int `json:"skip,omitempty"`
	// Percent of the matching calls that are hit, drawn from the shop's seed; 0 means all.
	Percent int `json:"percent,omitempty"`
	// Delay is used by Slow, SlowAnswer, Late and Drip. Over HTTP it is delay_ms.
	Delay time.Duration `json:"-"`
	// Bytes is the size of a Huge answer.
	Bytes int64 `json:"bytes,omitempty"`
	// SKU is the article of SellOut and Reprice; Price the new price, major units with at most two digits.
	SKU   string `json:"sku,omitempty"`
	Price string `json:"price,omitempty"`
}

func (f *Fault) matches(op Operation) bool {
	if family, ok := strings.CutSuffix(f.Operation, "*"); ok {
		return strings.HasPrefix(string(op), family)
	}
	return f.Operation == string(op)
}

// Inject sets a fault. It refuses one that could never hit.
func (s *Shop) Inject(f Fault) error {
	if !slices.Contains(kinds, f.Kind) {
		return fmt.Errorf("inject fault: kind %q is not one of %v", f.Kind, kinds)
	}
	if !slices.ContainsFunc(Operations(), f.matches) {
		return fmt.Errorf("inject fault %s: operation %q matches none of %v", f.Kind, f.Operation, Operations())
	}
	if f.Times < Forever || f.Skip < 0 || f.Percent < 0 || f.Percent > 100 || f.Delay < 0 || f.Bytes < 0 {
		return fmt.Errorf("inject fault %s: times, skip, percent, delay or bytes is out of range", f.Kind)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.items[f.SKU]; !ok && (f.Kind == SellOut || f.Kind == Reprice) {
		return fmt.Errorf("inject fault %s: %w: sku %q", f.Kind, ErrUnknown, f.SKU)
	}
	if f.Kind == Reprice {
		if _, err := readPrice(f.Price); err != nil {
			return fmt.Errorf("inject fault %s: %w", f.Kind, err)
		}
	}
	if f.Times == 0 {
		f.Times = 1
	}
	s.faults = append(s.faults, &f)
	return nil
}

// ClearFaults takes all faults away. What a Late fault has already begun still happens.
func (s *Shop) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// Faults lists the faults that still wait for a call, with what is left of Times and Skip.
func (s *Shop) Faults() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Fault, 0, len(s.faults))
	for _, f := range s.faults {
		out = append(out, *f)
	}
	return out
}

// takeFault counts the call and finds the fault that hits it.
func (s *Shop) takeFault(op Operation) (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrived[op]++
	for i, f := range s.faults {
		if !f.matches(op) {
			continue
		}
		if f.Percent > 0 && s.random.IntN(100) >= f.Percent {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				s.faults = slices.Delete(s.faults, i, i+1)
			}
		}
		return *f, true
	}
	return Fault{}, false
}
