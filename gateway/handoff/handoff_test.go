package handoff_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/handoff"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const origin = "https://agents.example"

func signer(t interface {
	Helper()
	Fatal(args ...any)
}, key string, c clock.Clock,
) *handoff.Signer {
	t.Helper()
	s, err := handoff.New([]byte(strings.Repeat(key, 32)), origin+"/", c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// token is what stands at the end of an address.
func token(t *testing.T, address string) string {
	t.Helper()
	text, ok := strings.CutPrefix(address, origin+handoff.Path)
	if !ok {
		t.Fatalf("the address is %q", address)
	}
	return text
}

func TestATokenIsReadBack(t *testing.T) {
	t.Parallel()
	c := clock.NewManual(noon)
	s := signer(t, "k", c)
	one, two := token(t, s.URL(handoff.Session, "cs_1", time.Minute)), token(t, s.URL(handoff.Session, "cs_1", time.Minute))
	a, err := s.Open(one)
	if err != nil || a.Kind != handoff.Session || a.ID != "cs_1" || !a.Expires.Equal(noon.Add(time.Minute)) {
		t.Fatalf("%+v: %v", a, err)
	}
	b, err := s.Open(two)
	if err != nil || a.Nonce == b.Nonce || a.Claim("o", "t", noon).Key == b.Claim("o", "t", noon).Key {
		t.Fatalf("two tokens are one: %+v %+v %v", a, b, err)
	}
	cart, err := s.Open(token(t, s.URL(handoff.Cart, "cs_1", time.Minute)))
	if err != nil || cart.Kind != handoff.Cart {
		t.Fatalf("%+v: %v", cart, err)
	}
	if strings.Contains(fmt.Sprintf("%v %+v %s", a, a, a), a.Nonce) {
		t.Error("a token shows itself")
	}
	c.Advance(time.Minute - time.Second)
	if _, err := s.Open(one); err != nil {
		t.Fatalf("too early: %v", err)
	}
	c.Advance(time.Second)
	if _, err := s.Open(one); !errors.Is(err, handoff.ErrExpired) {
		t.Fatalf("too old: %v", err)
	}
}

func TestHowLongAnAddressLasts(t *testing.T) {
	t.Parallel()
	c := clock.NewManual(noon)
	s := signer(t, "k", c)
	address := s.URL(handoff.Session, "cs_1", time.Minute)
	for name, lasts := range map[string]bool{
		"a minute":         s.Lasts(address, handoff.Session, "cs_1", time.Minute),
		"longer":           s.Lasts(address, handoff.Session, "cs_1", time.Minute+time.Second),
		"another session":  s.Lasts(address, handoff.Session, "cs_2", time.Second),
		"a cart":           s.Lasts(address, handoff.Cart, "cs_1", time.Second),
		"somebody else's":  signer(t, "l", c).Lasts(address, handoff.Session, "cs_1", time.Second),
		"another place":    s.Lasts("https://evil.example"+strings.TrimPrefix(address, origin), handoff.Session, "cs_1", time.Second),
		"nothing":          s.Lasts("", handoff.Session, "cs_1", time.Second),
		"a page of theirs": s.Lasts(origin+"/continue/x", handoff.Session, "cs_1", time.Second),
	} {
		if lasts != (name == "a minute") {
			t.Errorf("%s: %v", name, lasts)
		}
	}
}

// TestAMarkOutlivesItsToken holds lifetimes below the time for which marks are kept.
func TestAMarkOutlivesItsToken(t *testing.T) {
	t.Parallel()
	s := signer(t, "k", clock.NewManual(noon))
	a, err := s.Open(token(t, s.URL(handoff.Session, "cs_1", 1000*time.Hour)))
	if err != nil || a.Expires.After(noon.Add(24*time.Hour)) {
		t.Fatalf("%v: %v", a.Expires, err)
	}
}

// TestNobodyElseMakesTokens changes every bit, signs with another key, cuts, and writes the same bytes in another way.
func TestNobodyElseMakesTokens(t *testing.T) {
	t.Parallel()
	c := clock.NewManual(noon)
	s := signer(t, "k", c)
	good := token(t, s.URL(handoff.Session, "cs_1", time.Minute))
	raw, err := base64.RawURLEncoding.DecodeString(good)
	if err != nil {
		t.Fatal(err)
	}
	forged := []string{
		"", "x", good + "A", good[:len(good)-2], good + "=", " " + good, strings.Repeat("A", 300), strings.Repeat("A", 4096),
		token(t, signer(t, "l", c).URL(handoff.Session, "cs_1", time.Minute)),
	}
	for i := range raw {
		for bit := range 8 {
			changed := bytes.Clone(raw)
			changed[i] ^= 1 << bit
			forged = append(forged, base64.RawURLEncoding.EncodeToString(changed))
		}
	}
	for _, f := range forged {
		if _, err := s.Open(f); !errors.Is(err, handoff.ErrForged) {
			t.Fatalf("%q: %v", f, err)
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		if text := rapid.String().Draw(r, "token"); text != good {
			if _, err := s.Open(text); !errors.Is(err, handoff.ErrForged) {
				r.Fatalf("%q: %v", text, err)
			}
		}
	})
}

func TestASignerNeedsItsParts(t *testing.T) {
	t.Parallel()
	if _, err := handoff.New([]byte("short"), origin, clock.NewManual(noon)); err == nil {
		t.Error("a short key was taken")
	}
	if _, err := handoff.New([]byte(strings.Repeat("k", 32)), "", clock.NewManual(noon)); err == nil {
		t.Error("no origin was taken")
	}
}
