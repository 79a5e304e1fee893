package payment_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment"
)

func TestLimitsAllow(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_000_000, 0)
	total := commerce.Money{Minor: 1000, Currency: "usd"}
	good := payment.Limits{Currency: "usd", Max: 1500, Captured: 500, ExpiresAt: now.Add(3 * time.Second)}
	if err := good.Allows(total, now, 2*time.Second); err != nil {
		t.Errorf("refused at the very limit: %v", err)
	}
	for name, c := range map[string]struct {
		spoil func(*payment.Limits)
		want  payment.ErrorKind
	}{
		"deactivated":  {func(l *payment.Limits) { l.DeactivatedAt = now }, payment.TokenDeactivated},
		"expired":      {func(l *payment.Limits) { l.ExpiresAt = now }, payment.TokenDeactivated},
		"about to":     {func(l *payment.Limits) { l.ExpiresAt = now.Add(2 * time.Second) }, payment.TokenDeactivated},
		"one too much": {func(l *payment.Limits) { l.Max-- }, payment.TokenLimit},
		"other money":  {func(l *payment.Limits) { l.Currency = "eur" }, payment.TokenCurrency},
	} {
		l := good
		c.spoil(&l)
		if err := l.Allows(total, now, 2*time.Second); payment.KindOf(err) != c.want || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	good.ExpiresAt = time.Time{}
	if err := good.Allows(total, now, time.Hour); err != nil {
		t.Errorf("a token that never expires: %v", err)
	}
}

func TestForgottenKindIsUnknown(t *testing.T) {
	t.Parallel()
	if payment.KindOf(errors.New("x")) != payment.Unknown || payment.KindOf(&payment.Error{}) != payment.Unknown {
		t.Error("an error without a kind is taken for a refusal")
	}
	err := fmt.Errorf("hold: %w", &payment.Error{Kind: payment.Declined, Code: "card_declined", RequestID: "req_1", Message: "declined"})
	if payment.KindOf(err) != payment.Declined || err.Error() != "hold: declined (card_declined) [request req_1]" {
		t.Error(err)
	}
}

func TestSecretNeverShows(t *testing.T) {
	t.Parallel()
	s := payment.Secret("spt_canary")
	b, err := json.Marshal(map[string]any{"token": s})
	texts := []string{string(b), fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s %q", s, s, s, s, s)}
	for _, text := range texts {
		if err != nil || strings.Contains(text, "canary") {
			t.Errorf("%v: %s", err, text)
		}
	}
}
