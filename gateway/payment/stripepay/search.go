package stripepay

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/stripe/stripe-go/v82"

	"github.com/postern-gateway/postern/gateway/payment"
)

const (
	// skew is how far our clock may run ahead of Stripe's without a search missing an intent.
	skew = 10 * time.Minute
	// overlap is looked through again by a search that goes on: an intent may be listed a little later than it says it was made.
	overlap = time.Minute
	// searchPages is how many pages one call reads. With a page a second it ends within the lease of the saga that waits for it.
	searchPages = 40
	// searchTime is after how long one call reads no further page.
	searchTime = 20 * time.Second
	// maxSearches is how many unfinished searches are remembered.
	maxSearches = 256
)

// searches are the unfinished searches, by what they look for. What is forgotten starts anew. Its zero value is ready; it is safe for
// concurrent use.
type searches struct {
	mu   sync.Mutex
	open map[payment.FindRequest]search
}

// search is how far a search has come. Stripe's list has no filter for metadata, and its search lags behind (docs.stripe.com/search,
// read 2026-11-22), so that every intent since the attempt is looked at, newest first. An account with many of them needs several
// calls. What is made meanwhile stands before the first page, so that a pass that took several calls is followed by a shorter one over
// what is new.
type search struct {
	since  int64  // seconds since 1970: everything made before has been looked at
	newest int64  // when the newest intent of this pass was made
	after  string // the last intent that was looked at; empty before the first page of a pass
	seen   int    // intents, in all passes
	calls  int
	best   payment.Intent
	found  bool
}

// take hands out an unfinished search, so that nobody else goes on with it.
func (s *searches) take(r payment.FindRequest) search {
	s.mu.Lock()
	defer s.mu.Unlock()
	got, ok := s.open[r]
	if !ok {
		got.since = r.Since.Add(-skew).Unix()
	}
	delete(s.open, r)
	return got
}

func (s *searches) put(r payment.FindRequest, unfinished search) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = make(map[payment.FindRequest]search)
	}
	for other := range s.open {
		if len(s.open) < maxSearches {
			break
		}
		delete(s.open, other)
	}
	s.open[r] = unfinished
}

// search goes through all intents since r.Since, which is current, where Stripe's search lags, and compares the metadata. Of several
// matches the one that holds or took money counts. A search that is too long for one call fails as Busy; the next call with the same
// request goes on with it.
func (p *Processor) search(ctx context.Context, r payment.FindRequest) (payment.Intent, bool, error) {
	c := call{what: "look for the intent of session " + r.SessionID, reads: true}
	if r.SessionID == "" || r.Since.IsZero() {
		return payment.Intent{}, false, &payment.Error{
			Kind: payment.Refused, Code: "search_unbounded", Message: c.what + ": a search needs the session and the time of the attempt",
		}
	}
	r.Since = r.Since.Round(0).UTC() // one instant is one search
	s := p.searches.take(r)
	inherited := s.after != "" // this pass was begun by an earlier call
	began := p.clock.Now()
	for n := 0; ; n++ {
		if n == searchPages || p.clock.Now().Sub(began) >= searchTime {
			return payment.Intent{}, false, p.unfinished(ctx, c, r, s)
		}
		more, err := p.searchPage(ctx, c, r, &s)
		switch {
		case err != nil:
			s.calls++
			p.searches.put(r, s)
			return payment.Intent{}, false, err
		case more:
		case inherited:
			inherited, s.after, s.since = false, "", max(s.since, s.newest-int64(overlap/time.Second))
		case s.found && s.calls > 0: // it was met by an earlier call, and may have changed since
			return p.Find(ctx, payment.FindRequest{IntentID: s.best.ID})
		default:
			return s.best, s.found, nil
		}
	}
}

// searchPage looks at the next page of the search, and reports whether there are more in this pass.
func (p *Processor) searchPage(ctx context.Context, c call, r payment.FindRequest, s *search) (more bool, err error) {
	params := &stripe.PaymentIntentListParams{CreatedRange: &stripe.RangeQueryParams{GreaterThanOrEqual: s.since}}
	params.AddExpand("data." + latestCharge)
	items, more, err := readPage[*stripe.PaymentIntent](ctx, p, c, "/v1/payment_intents", params, s.after)
	if err != nil {
		return false, err
	}
	best, found := s.best, s.found
	for _, pi := range items {
		if pi.Metadata[MetadataSession] != r.SessionID || pi.Metadata[MetadataAttempt] != strconv.Itoa(r.Attempt) {
			continue
		}
		this, err := intentOf(c, pi)
		if err != nil {
			return false, err
		}
		if !found || weight(this.State) > weight(best.State) {
			best, found = this, true
		}
	}
	if len(items) > 0 {
		if s.after == "" {
			s.newest = items[0].Created
		}
		s.after = items[len(items)-1].ID
	}
	s.best, s.found, s.seen = best, found, s.seen+len(items)
	return more, nil
}

// unfinished keeps the search for the next call, and tells the operator: the session waits for it.
func (p *Processor) unfinished(ctx context.Context, c call, r payment.FindRequest, s search) error {
	s.calls++
	p.searches.put(r, s)
	p.log.WarnContext(ctx, "stripe's list of payments is long; the search goes on at the next call", "session", r.SessionID,
		"attempt", r.Attempt, "seen", s.seen, "calls", s.calls)
	return &payment.Error{Kind: payment.Busy, Code: "search_unfinished", Message: c.what + ": the list is long; the next call goes on with it"}
}

// weight orders states by how much they matter for the money.
func weight(s payment.State) int {
	switch s {
	case payment.Taken:
		return 5
	case payment.Held:
		return 4
	case payment.Processing:
		return 3
	case payment.RequiresAction:
		return 2
	case payment.Failed:
		return 1
	default:
		return 0
	}
}
