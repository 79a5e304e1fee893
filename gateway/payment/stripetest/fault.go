package stripetest

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Op names one call of Stripe's API, for faults and for the request log.
type Op string

// The calls that this server knows.
const (
	OpCreate         Op = "payment_intents.create"
	OpRetrieve       Op = "payment_intents.retrieve"
	OpList           Op = "payment_intents.list"
	OpConfirm        Op = "payment_intents.confirm"
	OpCapture        Op = "payment_intents.capture"
	OpCancel         Op = "payment_intents.cancel"
	OpRefund         Op = "refunds.create"
	OpRefundRetrieve Op = "refunds.retrieve"
	OpRefundList     Op = "refunds.list"
	OpGranted        Op = "granted_tokens.retrieve"
	OpMint           Op = "test_helpers.granted_tokens.create"
	OpRevokeGranted  Op = "test_helpers.granted_tokens.revoke"
	OpIssue          Op = "issued_tokens.create"
	OpIssued         Op = "issued_tokens.retrieve"
	OpRevokeIssued   Op = "issued_tokens.revoke"
	OpEventList      Op = "events.list"
	OpBalance        Op = "balance.retrieve"
	OpAccount        Op = "account.retrieve"
	OpSavedMethods   Op = "customers.payment_methods.list"
)

// Kind is a way to misbehave.
type Kind string

const (
	// CutReply acts, stores the result under the key, and closes the connection without an answer.
	CutReply Kind = "cut_reply"
	// CutRequest closes the connection before anything happens.
	CutRequest Kind = "cut_request"
	// ServerError answers 500 and stores that answer under the key. With Acts it acts first.
	ServerError Kind = "server_error"
	// RateLimit answers 429 before anything happens; nothing is stored.
	RateLimit Kind = "rate_limit"
	// KeyInUse answers 409 idempotency_key_in_use; nothing is stored.
	KeyInUse Kind = "key_in_use"
	// Unavailable answers 503 before anything happens; nothing is stored.
	Unavailable Kind = "unavailable"
	// Latency waits for Delay before acting; the key is in use meanwhile.
	Latency Kind = "latency"
	// LateReply acts, then waits for Delay before answering.
	LateReply Kind = "late_reply"
	// Garble acts, stores the result, and answers Status (200 when 0) with an HTML page in place of JSON.
	Garble Kind = "garble"
	// Refuse answers with Status, Type, Code and DeclineCode without acting, and stores that answer under the key.
	Refuse Kind = "refuse"
	// Succeed takes the money at once although manual capture was asked for.
	Succeed Kind = "succeed"
	// Process leaves a payment in processing until [Server.Finish], and a refund pending until [Server.SettleRefund].
	Process Kind = "processing"
	// PartialHold grants a hold of Amount only.
	PartialHold Kind = "partial_hold"
	// Review opens a Radar review beside the hold.
	Review Kind = "review"
)

// Fault is one order to misbehave. The zero Op matches every call, the zero Times every time until the faults are cleared.
type Fault struct {
	Op   Op   `json:"op,omitempty"`
	Kind Kind `json:"kind"`
	// Times is how often the fault strikes; 0 is until it is cleared.
	Times int `json:"times,omitempty"`
	// Skip lets so many matching calls pass first.
	Skip int `json:"skip,omitempty"`
	// DelayMS is the wait of [Latency] and [LateReply], in milliseconds.
	DelayMS int64 `json:"delay_ms,omitempty"`
	// Acts makes [ServerError] act before it answers.
	Acts bool `json:"acts,omitempty"`
	// Amount is the hold of [PartialHold], in minor units.
	Amount int64 `json:"amount,omitempty"`
	// Status, Type, Code and DeclineCode are the answer of [Refuse]; zero means 402, card_error, card_declined, generic_decline.
	Status      int    `json:"status,omitempty"`
	Type        string `json:"type,omitempty"`
	Code        string `json:"code,omitempty"`
	DeclineCode string `json:"decline_code,omitempty"`
}

func (f Fault) delay() time.Duration { return time.Duration(f.DelayMS) * time.Millisecond }

// refusal is the answer of [Refuse].
func (f Fault) refusal() *apiError {
	e := &apiError{status: f.Status, Type: f.Type, Code: f.Code, DeclineCode: f.DeclineCode, Message: "Refused on demand."}
	if e.status == 0 {
		e.status = http.StatusPaymentRequired
	}
	if e.Type == "" {
		e.Type = typeInvalid
		if e.status == http.StatusPaymentRequired {
			e.Type = typeCard
		}
	}
	if e.Type == typeCard && e.Code == "" {
		e.Code, e.DeclineCode = "card_declined", "generic_decline"
	}
	return e
}

// check refuses an order that could never strike, so that no test passes for want of its fault.
func (f Fault) check() error {
	kinds := []Kind{
		CutReply, CutRequest, ServerError, RateLimit, KeyInUse, Unavailable, Latency, LateReply, Garble, Refuse, Succeed, Process,
		PartialHold, Review,
	}
	if !slices.Contains(kinds, f.Kind) {
		return fmt.Errorf("arm fault: unknown kind %q", f.Kind)
	}
	if f.Op != "" && !slices.ContainsFunc(routes(), func(r route) bool { return r.op == f.Op }) {
		return fmt.Errorf("arm fault %s: unknown op %q", f.Kind, f.Op)
	}
	if (f.Kind == Latency || f.Kind == LateReply) && f.DelayMS <= 0 {
		return fmt.Errorf("arm fault %s: delay_ms must be above zero", f.Kind)
	}
	if f.Kind == PartialHold && f.Amount <= 0 {
		return fmt.Errorf("arm fault %s: amount must be above zero", f.Kind)
	}
	if f.Times < 0 || f.Skip < 0 {
		return fmt.Errorf("arm fault %s: times and skip must not be negative", f.Kind)
	}
	return nil
}

// Arm orders faults. They strike in the order in which they were armed; an order that names an unknown kind or call is refused.
func (s *Server) Arm(faults ...Fault) error {
	for _, f := range faults {
		if err := f.check(); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range faults {
		s.faults = append(s.faults, &armed{Fault: f})
	}
	return nil
}

// Armed lists the faults that may still strike, in the order in which they were armed.
func (s *Server) Armed() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Fault, 0, len(s.faults))
	for _, f := range s.faults {
		out = append(out, f.Fault)
	}
	return out
}

// Disarm clears all faults.
func (s *Server) Disarm() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// armed is a fault and how often it was met.
type armed struct {
	Fault
	met, struck int
}

// strike returns the first fault of these kinds that meets the call, and counts it. The caller holds the lock.
func (s *Server) strike(op Op, kinds ...Kind) (Fault, bool) {
	for i, f := range s.faults {
		if !slices.Contains(kinds, f.Kind) || (f.Op != "" && f.Op != op) {
			continue
		}
		f.met++
		if f.met <= f.Skip {
			continue
		}
		f.struck++
		if f.Times > 0 && f.struck >= f.Times {
			s.faults = slices.Delete(s.faults, i, i+1)
		}
		return f.Fault, true
	}
	return Fault{}, false
}

// force collects the faults that decide how a confirmation or a refund ends. The caller holds the lock.
func (s *Server) force(op Op) outcome {
	var out outcome
	switch op {
	case OpCreate, OpConfirm:
	case OpRefund:
		_, out.process = s.strike(op, Process)
		return out
	default:
		return out
	}
	_, out.succeed = s.strike(op, Succeed)
	_, out.process = s.strike(op, Process)
	_, out.review = s.strike(op, Review)
	if f, ok := s.strike(op, PartialHold); ok {
		out.hold = f.Amount
	}
	return out
}
