package upstream_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/upstream"
)

// TestABuyerIsSentToTheWebOnly: whatever an adapter makes of a cart, a buyer is never sent to anything but a page, and never with
// credentials.
func TestABuyerIsSentToTheWebOnly(t *testing.T) {
	t.Parallel()
	for address, good := range map[string]bool{
		"https://shop.example/cart/1?a=b": true, "http://127.0.0.1:8080/cart": true,
		"": false, "/cart/1": false, "//shop.example/cart": false, "javascript:alert(1)": false, "data:text/html,x": false,
		"https://user:secret@shop.example/": false, "ftp://shop.example/": false, "https://": false, "https://shop.example/%zz": false,
	} {
		a := (&script{}).adapter()
		a.Continue = func(commerce.Cart, string) (string, error) { return address, nil }
		got, err := upstream.New("main", a, upstream.Options{}).ContinueURL(commerce.Cart{}, "")
		if good != (err == nil) || (good && got != address) {
			t.Errorf("%q: %q, %v", address, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("the error shows credentials: %v", err)
		}
	}
	a := (&script{}).adapter()
	a.Continue = func(commerce.Cart, string) (string, error) { return "", errors.New("planted") }
	if _, err := upstream.New("main", a, upstream.Options{}).ContinueURL(commerce.Cart{}, ""); commerce.KindOf(err) != commerce.Unsupported {
		t.Errorf("got %v", err)
	}
}

// TestWhatAShopCannotDo is told by the same functions that would do it.
func TestWhatAShopCannotDo(t *testing.T) {
	t.Parallel()
	a := (&script{}).adapter()
	s := upstream.New("main", a, upstream.Options{})
	_, err := s.ContinueURL(commerce.Cart{}, "")
	if s.CanContinue() || s.CanRecordConsent() || commerce.KindOf(err) != commerce.Unsupported ||
		commerce.KindOf(s.RecordConsent(t.Context(), adapters.ConsentRecord{})) != commerce.Unsupported {
		t.Fatalf("got %v", err)
	}
	a.RecordConsent = func(context.Context, adapters.ConsentRecord) error { return errors.New("cut") }
	s = upstream.New("main", a, upstream.Options{})
	if err := s.RecordConsent(t.Context(), adapters.ConsentRecord{}); !s.CanRecordConsent() || commerce.KindOf(err) != commerce.Indeterminate {
		t.Fatalf("got %v", err)
	}
}
