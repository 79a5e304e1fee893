package declarative

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/shopclient"
	"github.com/postern-gateway/postern/gateway/clock"
)

// shop is a compiled description. It is read-only once it is built, but for the tokens of its logins.
type shop struct {
	client  *shopclient.Client
	clock   clock.Clock
	base    *url.URL
	hosts   []string
	facts   adapters.Facts
	money   moneyRules
	values  map[string]any
	headers []named
	keep    []named
	rules   []rule
	limit   time.Duration // of one expression

	quote, place, find, get, record, cancel, changes, item, release, refund, consent, check *operation

	goOn        *continueLink
	idempotency idempotency
	exact       bool
	feed        feed
}

// address is the whole URL of a filled path. A path that names a host itself must name one of the allowed ones.
func (s *shop) address(path string, query url.Values) (*url.URL, bool) {
	if !strings.HasPrefix(path, "/") {
		u, err := url.Parse(path)
		if err != nil || !slices.Contains(s.hosts, u.Host) || (u.Scheme != "https" && u.Scheme != s.base.Scheme) || u.User != nil {
			return nil, false
		}
		return withQuery(u, query), true
	}
	// The path is text that is escaped already; parsing it keeps the escapes.
	u, err := url.Parse(s.base.Scheme + "://" + s.base.Host + strings.TrimRight(s.base.EscapedPath(), "/") + path)
	if err != nil || u.Host != s.base.Host {
		return nil, false
	}
	return withQuery(u, query), true
}

func withQuery(u *url.URL, query url.Values) *url.URL {
	if len(query) > 0 {
		q := u.Query()
		maps.Copy(q, query)
		u.RawQuery = q.Encode()
	}
	return u
}

// idempotency is how placing an order twice is kept from making two.
type idempotency struct {
	mode   string
	header string
	key    *expression
}

// The modes of idempotency.
const (
	modeHeader  = "header"  // the shop knows a header, such as Idempotency-Key
	modeBody    = "body"    // the shop knows a member of the body, which the description sends
	modeNatural = "natural" // placing the same cart again gives the first order
	modeSearch  = "search"  // the shop can only be asked whether the order is there
)

// opFind is the name of the operation that looks for orders.
const opFind = "find_order"

// opItem is the name of the operation that reads the catalogue.
const opItem = "item"

// operation is one of the things that an adapter does, as steps.
type operation struct {
	name   string
	writes bool // a lost answer may leave an order, a payment or a cancellation behind
	steps  []step
	rules  []rule
	result *expression
}

// step is a call, or a computation without one.
type step struct {
	id      string
	place   string
	when    *expression
	forEach *expression
	most    int
	set     []named

	method  string
	path    *template
	auth    *auth
	query   []named
	headers []named
	body    *expression
	write   bool // a lost answer leaves the outcome of the operation unknown
	expect  []int
	extract []named
	rules   []rule
}

// accepts reports whether a status is a success of the step.
func (s *step) accepts(status int) bool {
	if len(s.expect) > 0 {
		return slices.Contains(s.expect, status)
	}
	return status >= http.StatusOK && status < http.StatusMultipleChoices
}
