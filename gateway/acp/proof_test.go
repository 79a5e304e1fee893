package acp

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/config/agentkey"
	"github.com/postern-gateway/postern/gateway/checkout"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/signing"
	"github.com/postern-gateway/postern/gateway/store"
)

// signatures keeps what it was asked and answers with err.
type signatures struct {
	asked []signing.Call
	err   error
}

func (s *signatures) Verify(_ context.Context, c signing.Call) error {
	s.asked = append(s.asked, c)
	return s.err
}

// identities proves what the token says.
type identities struct{ err error }

func (i identities) Prove(_ context.Context, _, token string) (string, error) { return token, i.err }

func answered(_ context.Context, c checkout.Call) (store.Answer, error) {
	return store.Answer{Status: http.StatusOK, Body: []byte(`{"subject":"` + c.Subject + `"}`)}, nil
}

func TestSignaturesAreVerifiedOverTheBodyAsItCame(t *testing.T) {
	t.Parallel()
	s := &signatures{}
	p, _ := newPipeline(t, &claims{}, answered, func(c *Config) { c.Signatures = s })
	r := create("k1")
	r.Signature, r.Timestamp = "sig", "then"
	if got := p.Do(t.Context(), r); got.Status != http.StatusOK {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	p.Do(t.Context(), Request{Operation: Get, ID: "cs_1", Token: "token", APIVersion: "2026-04-17", Signature: "sig", Timestamp: "then"})
	want := []signing.Call{
		{Agent: "a", Path: "POST /checkout_sessions", Key: "k1", Signature: "sig", Timestamp: "then", Body: []byte(createBody)},
		{Agent: "a", Signature: "sig", Timestamp: "then"},
	}
	if diff := cmp.Diff(want, s.asked); diff != "" {
		t.Errorf("verified (-want +got):\n%s", diff)
	}
}

func TestAWrongSignatureIsRefusedBeforeAnythingHappens(t *testing.T) {
	t.Parallel()
	s := &signatures{err: &commerce.Fault{Kind: commerce.Unauthenticated, Code: signing.CodeInvalidSignature, Message: "no"}}
	st := &claims{}
	p, _ := newPipeline(t, st, func(context.Context, checkout.Call) (store.Answer, error) {
		t.Error("the service was asked")
		return store.Answer{}, nil
	}, func(c *Config) { c.Signatures = s })
	for _, r := range []Request{create("k1"), {Operation: Get, ID: "cs_1", Token: "token", APIVersion: "2026-04-17"}} {
		if got := p.Do(t.Context(), r); got.Status != http.StatusUnauthorized || codeOf(t, got.Body) != signing.CodeInvalidSignature {
			t.Errorf("%s: %d %s", r.Operation, got.Status, got.Body)
		}
	}
	if len(st.held) != 0 {
		t.Errorf("a key was taken: %v", st.held)
	}
	s.err = nil
	r := create("k2")
	r.Token = "a stranger's"
	s.asked = nil
	if p.Do(t.Context(), r); len(s.asked) != 0 {
		t.Error("a stranger's signature was verified")
	}
}

func TestAKeyOfOneBuyerIsNotAnothers(t *testing.T) {
	t.Parallel()
	st := &claims{}
	p, _ := newPipeline(t, st, func(ctx context.Context, c checkout.Call) (store.Answer, error) {
		a, err := answered(ctx, c)
		return a, errors.Join(err, st.Commit(ctx, store.Batch{Answers: []store.AnswerWrite{{Claim: *c.Claim, Answer: a}}}))
	}, func(c *Config) { c.Identities = identities{} })
	for i, try := range []struct {
		buyer    string
		replayed bool
	}{{"cus_1", false}, {"cus_2", false}, {"", false}, {"cus_1", true}, {"cus_2", true}, {"", true}} {
		r := create("k1")
		r.Identity = try.buyer
		got := p.Do(t.Context(), r)
		if got.Replayed != try.replayed {
			t.Errorf("%d: replayed is %v for %q", i, got.Replayed, try.buyer)
		}
		if !got.Replayed && string(got.Body) != `{"subject":"`+try.buyer+`"}` {
			t.Errorf("%d: %s", i, got.Body)
		}
	}
}

// TestAKeyOfOneShopIsNotAnothers holds that an agent of several shops never gets the answer of one at the host of another.
func TestAKeyOfOneShopIsNotAnothers(t *testing.T) {
	t.Parallel()
	st := &claims{}
	p, _ := newPipeline(t, st, func(_ context.Context, c checkout.Call) (store.Answer, error) {
		a := store.Answer{Status: http.StatusOK, Body: []byte(`{"shop":"` + c.Shop + `"}`)}
		return a, st.Commit(t.Context(), store.Batch{Answers: []store.AnswerWrite{{Claim: *c.Claim, Answer: a}}})
	}, func(c *Config) {
		shops := map[string]config.Shop{"main": {Host: "main.example"}, "other": {Host: "other.example"}}
		agent := config.Agent{Name: "a", Shops: []string{"main", "other"}, Keys: []config.Key{{SHA256: agentkey.Hash("token")}}}
		var err error
		if c.Agents, err = NewAgents([]config.Agent{agent}, shops); err != nil {
			t.Fatal(err)
		}
	})
	for i, try := range []struct {
		shop     string
		replayed bool
	}{{"main", false}, {"other", false}, {"main", true}, {"other", true}} {
		r := create("k1")
		r.Host = try.shop + ".example"
		got := p.Do(t.Context(), r)
		if got.Replayed != try.replayed || string(got.Body) != `{"shop":"`+try.shop+`"}` {
			t.Errorf("%d: replayed is %v at %s: %s", i, got.Replayed, r.Host, got.Body)
		}
	}
}

func TestAnIdentityThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	st := &claims{}
	p, _ := newPipeline(t, st, answered, func(c *Config) {
		c.Identities = identities{err: &commerce.Fault{Kind: commerce.Invalid, Code: "invalid_identity", Message: "no"}}
	})
	r := create("k1")
	r.Identity = "x"
	if got := p.Do(t.Context(), r); got.Status != http.StatusBadRequest || codeOf(t, got.Body) != "invalid_identity" || len(st.held) != 0 {
		t.Errorf("%d %s, keys %v", got.Status, got.Body, st.held)
	}
}

// codeOf is the code of an error's body.
func codeOf(t *testing.T, body []byte) string {
	t.Helper()
	var e struct {
		Code string `json:"code"`
	}
	if err := json.Unmarshal(body, &e); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return e.Code
}
