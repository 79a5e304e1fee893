package checkout_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/payment"
)

// memoryProcessor holds and takes money in memory: a processor for bubbles of fake time, in which nobody may wait for a network.
// Everything that is subtle about money is tested against the Stripe of package stripetest instead.
type memoryProcessor struct {
	payment.Processor // what no test in a bubble calls

	mu      sync.Mutex
	intents []*payment.Intent
	keys    []string // that made the intents

	// hold is what Authorize does; nil makes a hold.
	hold func(make func() payment.Intent) (payment.Intent, error)
	// list is what looking for an attempt's hold answers; nil tells of the last one made.
	list func() (payment.Intent, bool, error)
	// taken says that holds are captured at once.
	taken bool
	// short is by how much less than it held the processor takes.
	short int64
	// refunds are the failures of the next refunds, and unread how many looks for one fail.
	refunds []error
	unread  int
	// terms are what new attempts freeze; the zero value is an account and nothing else.
	terms payment.Terms
	// asked and paybacks are the holds and the refunds that were asked for.
	asked    []payment.AuthorizeRequest
	paybacks []payback
}

// payback is one call for a refund.
type payback struct {
	key string
	at  time.Time
}

// holds are the holds that were asked for by now, as a copy; returns are the refunds.
func (p *memoryProcessor) holds() []payment.AuthorizeRequest {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.asked)
}

func (p *memoryProcessor) returns() []payback {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.paybacks)
}

func (p *memoryProcessor) Terms() payment.Terms {
	return cmp.Or(p.terms, payment.Terms{Account: "memory"})
}

func (p *memoryProcessor) Inspect(context.Context, payment.Terms, payment.Secret) (payment.Limits, error) {
	return payment.Limits{}, &payment.Error{Kind: payment.Unknown, Message: "tokens cannot be read here"}
}

func (p *memoryProcessor) Authorize(_ context.Context, r payment.AuthorizeRequest) (payment.Intent, error) {
	p.mu.Lock()
	hook := p.hold
	p.asked = append(p.asked, r)
	p.mu.Unlock()
	make := func() payment.Intent {
		p.mu.Lock()
		defer p.mu.Unlock()
		for n, k := range p.keys {
			if k == r.Key {
				return *p.intents[n]
			}
		}
		i := payment.Intent{ID: fmt.Sprintf("pi_%d", len(p.intents)+1), State: payment.Held, Amount: r.Amount, Capturable: r.Amount.Minor}
		if p.taken {
			p.take(&i)
		}
		p.intents, p.keys = append(p.intents, &i), append(p.keys, r.Key)
		return i
	}
	if hook != nil {
		return hook(make)
	}
	return make(), nil
}

func (p *memoryProcessor) Capture(_ context.Context, r payment.ChangeRequest) (payment.Intent, error) {
	return p.change(r.IntentID, func(i *payment.Intent) {
		if i.State == payment.Held {
			p.take(i)
		}
	})
}

// take captures a hold.
func (p *memoryProcessor) take(i *payment.Intent) {
	i.State, i.Received, i.Capturable = payment.Taken, i.Capturable-p.short, 0
}

func (p *memoryProcessor) Void(_ context.Context, r payment.ChangeRequest) (payment.Intent, error) {
	return p.change(r.IntentID, func(i *payment.Intent) {
		if i.State == payment.Held {
			i.State, i.Capturable = payment.Gone, 0
		}
	})
}

func (p *memoryProcessor) change(id string, f func(*payment.Intent)) (payment.Intent, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, i := range p.intents {
		if i.ID == id {
			f(i)
			return *i, nil
		}
	}
	return payment.Intent{}, &payment.Error{Kind: payment.Refused, Message: "no such intent"}
}

func (p *memoryProcessor) Find(_ context.Context, r payment.FindRequest) (payment.Intent, bool, error) {
	p.mu.Lock()
	list := p.list
	p.mu.Unlock()
	if r.IntentID == "" && list != nil {
		return list()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, i := range p.intents {
		if i.ID == r.IntentID || r.IntentID == "" {
			return *i, true, nil
		}
	}
	return payment.Intent{}, false, nil
}

func (p *memoryProcessor) Refund(_ context.Context, r payment.RefundRequest) (payment.Refund, error) {
	p.mu.Lock()
	p.paybacks = append(p.paybacks, payback{r.Key, clock.System().Now()})
	err, planted := pop(&p.refunds)
	p.mu.Unlock()
	if planted && err != nil {
		return payment.Refund{}, err
	}
	_, err = p.change(r.IntentID, func(i *payment.Intent) { i.Received, i.Refunded = i.Received-r.Amount.Minor, r.Amount.Minor })
	return payment.Refund{ID: "re_1", Status: payment.RefundSucceeded, Amount: r.Amount}, err
}

// FindRefund never finds one: what a test in a bubble loses was never made.
func (p *memoryProcessor) FindRefund(context.Context, string, string) (payment.Refund, bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.unread--; p.unread >= 0 {
		return payment.Refund{}, false, &payment.Error{Kind: payment.Unknown, Message: "planted: unreadable"}
	}
	return payment.Refund{}, false, nil
}

func (p *memoryProcessor) do(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

// money is how much is held and how much was taken.
func (p *memoryProcessor) money() (held, taken int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, i := range p.intents {
		held, taken = held+i.Capturable, taken+i.Received
	}
	return held, taken
}
