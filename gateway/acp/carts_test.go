package acp

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/postern-gateway/postern/gateway/carts"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
)

var _ Carts = (*carts.Service)(nil)

// basket answers every operation of a cart with do, at every shop but those that are off.
type basket struct {
	off bool
	do  func(ctx context.Context, c carts.Call) (store.Answer, error)
}

func (b basket) Serves(string) bool { return !b.off }

func (b basket) Create(ctx context.Context, c carts.Call, _ commerce.CartRequest) (store.Answer, error) {
	return b.do(ctx, c)
}

func (b basket) Get(ctx context.Context, c carts.Call, _ string) (store.Answer, error) {
	return b.do(ctx, c)
}

func (b basket) Replace(ctx context.Context, c carts.Call, _ string, _ commerce.CartRequest) (store.Answer, error) {
	return b.do(ctx, c)
}

func (b basket) Cancel(ctx context.Context, c carts.Call, _ string) (store.Answer, error) {
	return b.do(ctx, c)
}

var cartOperations = []Operation{CartCreate, CartGet, CartReplace, CartCancel}

// cartCall is a good call of an operation.
func cartCall(o Operation) Request {
	r := create("k")
	r.Operation, r.ID = o, "cart_1"
	if o == CartCreate {
		r.ID = ""
	}
	return r
}

func TestCartCalls(t *testing.T) {
	t.Parallel()
	for _, o := range cartOperations {
		st := &claims{}
		var seen carts.Call
		p, _ := newPipeline(t, st, nil, func(c *Config) {
			c.Carts = basket{do: func(_ context.Context, c carts.Call) (store.Answer, error) {
				seen = c
				return c.Render(commerce.SavedCart{ID: "cart_1", Cart: commerce.Cart{Currency: "usd"}, Quote: commerce.Quote{Currency: "usd"}})
			}}
		})
		status := http.StatusOK
		if o == CartCreate {
			status = http.StatusCreated
		}
		r := p.Do(t.Context(), cartCall(o))
		if r.Status != status || !strings.Contains(string(r.Body), `"cart_1"`) || seen.Agent != "a" || seen.Shop != "main" || (seen.Claim == nil) != (o == CartGet) {
			t.Errorf("%s: %d %s of %+v", o, r.Status, r.Body, seen)
		}
		if st.open() != 0 { // this service answered none, so that the pipeline gives them up
			t.Errorf("%s: a claim is open", o)
		}
	}
}

func TestCartsThatAreNotThere(t *testing.T) {
	t.Parallel()
	never := basket{do: func(context.Context, carts.Call) (store.Answer, error) {
		t.Error("the service was called")
		return store.Answer{}, nil
	}}
	off := never
	off.off = true
	for _, o := range cartOperations {
		for _, c := range []struct {
			name   string
			carts  Carts
			change func(*Request)
			status int
			code   string
		}{
			{"no shop has any", nil, func(*Request) {}, 404, "not_found"},
			{"this shop has none", off, func(*Request) {}, 404, "not_found"},
			// A date cannot help where there are none at all.
			{"no shop has any, and an older date", nil, func(r *Request) { r.APIVersion = "2026-01-30" }, 404, "not_found"},
			{"an older date", never, func(r *Request) { r.APIVersion = "2026-01-30" }, 400, "unsupported_api_version"},
			{"no date", never, func(r *Request) { r.APIVersion = "" }, 400, "missing_api_version"},
			{"a stranger", never, func(r *Request) { r.Token = "other" }, 401, "unauthorized"},
			{"an id that is none", never, func(r *Request) { r.ID = "../" }, 404, "not_found"},
		} {
			if o == CartCreate && strings.HasPrefix(c.name, "an id") {
				continue
			}
			p, _ := newPipeline(t, &claims{}, nil, func(config *Config) { config.Carts = c.carts })
			r := cartCall(o)
			c.change(&r)
			r.Body = func() ([]byte, error) { t.Errorf("%s, %s: the body was read", o, c.name); return nil, nil }
			got := p.Do(t.Context(), r)
			if got.Status != c.status || !strings.Contains(string(got.Body), `"`+c.code+`"`) {
				t.Errorf("%s, %s: %d %s, want %d %s", o, c.name, got.Status, got.Body, c.status, c.code)
			}
			if strings.HasSuffix(c.code, "version") && (!strings.Contains(string(got.Body), "2026-04-17") || strings.Contains(string(got.Body), "2026-01-30")) {
				t.Errorf("%s, %s: not the dates that have carts: %s", o, c.name, got.Body)
			}
		}
	}
}

func TestCartKeyIsAsked(t *testing.T) {
	t.Parallel()
	for _, o := range cartOperations {
		for _, optional := range []bool{false, true} {
			p, _ := newPipeline(t, &claims{}, nil, func(c *Config) {
				c.Carts = basket{do: func(context.Context, carts.Call) (store.Answer, error) { return store.Answer{Status: 200}, nil }}
			})
			r := cartCall(o)
			r.KeyPresent, r.KeyOptional = false, optional
			want := http.StatusBadRequest
			if optional || o == CartGet {
				want = http.StatusOK
			}
			if got := p.Do(t.Context(), r); got.Status != want {
				t.Errorf("%s without a key, optional %v: %d %s", o, optional, got.Status, got.Body)
			}
		}
	}
}

func TestCartDeadlinesAndBugs(t *testing.T) {
	t.Parallel()
	for _, o := range cartOperations {
		synctest.Test(t, func(t *testing.T) {
			st := &claims{}
			p, _ := newPipeline(t, st, nil, func(c *Config) {
				c.Carts = basket{do: func(ctx context.Context, _ carts.Call) (store.Answer, error) {
					<-ctx.Done()
					return store.Answer{}, ctx.Err()
				}}
			})
			began := time.Now()
			got := p.Do(t.Context(), cartCall(o))
			if took := time.Since(began); took != 8*time.Second || got.Status != http.StatusServiceUnavailable || st.open() != 0 {
				t.Errorf("%s: %d after %s", o, got.Status, took)
			}
		})
		p, log := newPipeline(t, &claims{}, nil, func(c *Config) {
			c.Carts = basket{do: func(context.Context, carts.Call) (store.Answer, error) { return store.Answer{}, errors.New("bug") }}
		})
		if got := p.Do(t.Context(), cartCall(o)); got.Status != http.StatusInternalServerError || !strings.Contains(log.String(), "bug") {
			t.Errorf("%s: %d %s", o, got.Status, got.Body)
		}
	}
	if !slices.ContainsFunc(cartOperations, Operation.creates) || !slices.ContainsFunc(cartOperations, Operation.reads) {
		t.Error("the operations are not those of carts")
	}
}
