package shopper

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/postern-gateway/postern/gateway/clock"
)

// Errand is one purchase: what to buy, where, for whom. URL, Token, Items (or Session), For, Clock and Narrator are required.
type Errand struct {
	Options

	// Session is a checkout that is open already: it is paid as it stands. Empty opens a new one.
	Session string
	Items   []Item
	For     Person
	// Currency is lower case; empty is what the seller says, or usd.
	Currency string
	// Picks are the ids of the options to choose; none keeps what the seller chose.
	Picks []string
	// Codes are discount codes. One that is not taken ends the errand.
	Codes []string
	// DryRun ends before paying, and cancels the checkout.
	DryRun bool
	// Pay gets a payment token; nil: there is none to be had, and the errand says what it needs.
	Pay      func(ctx context.Context, n Need) (string, error)
	Clock    clock.Clock
	Narrator *Narrator
}

// Need is what a payment token must be good for.
type Need struct {
	Session, Handler string
	Merchant         string // the seller's profile at the payment provider; empty where the date does not tell
	Amount           int64  // the most that may be taken, in minor units
	Currency         string
}

// Result is what came of an errand.
type Result struct {
	OK         bool      `json:"ok"`
	Error      string    `json:"error,omitempty"`
	Remedy     string    `json:"remedy,omitempty"`
	DryRun     bool      `json:"dry_run,omitempty"`
	APIVersion string    `json:"api_version,omitempty"`
	Transport  Transport `json:"transport,omitempty"`
	SessionID  string    `json:"session_id,omitempty"`
	Status     string    `json:"status,omitempty"`
	OrderID    string    `json:"order_id,omitempty"`
	OrderURL   string    `json:"order_url,omitempty"`
	// Total is what the order costs, in minor units of Currency.
	Total    int64     `json:"total,omitempty"`
	Currency string    `json:"currency,omitempty"`
	Messages []Message `json:"messages,omitempty"`
}

// Failure is an errand that failed, with what to do about it.
type Failure struct {
	Err    error
	Remedy string
}

// Error tells both.
func (f *Failure) Error() string {
	if f.Remedy == "" {
		return f.Err.Error()
	}
	return f.Err.Error() + "\n" + f.Remedy
}

// Unwrap gives what failed.
func (f *Failure) Unwrap() error { return f.Err }

func failure(remedy, format string, args ...any) *Failure {
	return &Failure{Err: fmt.Errorf(format, args...), Remedy: remedy}
}

// Check reports what is wrong with the errand, in words that name the flags of postern buy.
func (e Errand) Check() error {
	if e.Session == "" && len(e.Items) == 0 {
		return errors.New("--item says what to buy, or --session what to pay")
	}
	if e.Session != "" && (len(e.Items) > 0 || len(e.Picks) > 0 || len(e.Codes) > 0) {
		return errors.New("--session pays a checkout as it stands; leave --item, --option and --code out")
	}
	if strings.ContainsAny(e.Session, "/?# ") {
		return fmt.Errorf("--session %q is no id of a checkout", e.Session)
	}
	o := e.Options
	if o.Version == "" {
		o.Version = e.newest(nil)
	}
	s, err := New(o)
	if err != nil {
		return err
	}
	s.Close()
	return nil
}

// Run does the errand. The result is filled as far as it got; the error is nil only when the order exists, or, of a dry run, when the
// checkout could have been paid. What was opened and cannot be paid is canceled again.
func (e Errand) Run(ctx context.Context) (Result, error) {
	r := &run{Errand: e, result: Result{DryRun: e.DryRun}}
	err := r.run(ctx)
	if r.agent != nil {
		r.agent.Close()
	}
	r.result.OK = err == nil
	if err != nil {
		r.result.Error = err.Error()
		if f, ok := errors.AsType[*Failure](err); ok {
			r.result.Error, r.result.Remedy = f.Err.Error(), f.Remedy
		}
	}
	return r.result, err
}
