package write_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/write"
)

func TestURL(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{
		"https://shop.example/a?b=c#d": true, "http://shop.example": true, "https://shop.example/ä": true,
		"": false, "/a": false, "//shop.example/a": false, "shop.example": false, "mailto:a@b.example": false, "https://": false,
		"https://shop.example/a b": false, "https://shop.example/<b>": false, "https://shop.example/\"": false, "https://shop.example/a\n": false, "http://[::1": false,
	} {
		if got := write.URL(address); (got == address) != ok && address != "" || !ok && got != "" {
			t.Errorf("%q: got %q", address, got)
		}
	}
}

func TestEmail(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{
		"ada@example.com": true, "a.b+c@x-y.example": true,
		"ada": false, "@example.com": false, "ada@": false, "Ada <ada@example.com>": false, "ada@exa_mple.com": false, "ada@-example.com": false,
		"ada@example..com": false, "ä@example.com": false, "ada@example.com\r\nX: y": false, "ada@[127.0.0.1]": false,
		strings.Repeat("a", 65) + "@example.com": false, "a@" + strings.Repeat("a.", 130) + "example": false,
	} {
		if got := write.Email(address); (got == address) != ok || !ok && got != "" {
			t.Errorf("%q: got %q", address, got)
		}
	}
}

func TestTimestamp(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 13, 0, 0, 0, time.FixedZone("", 3600))
	for want, given := range map[string]time.Time{
		"": {}, "2026-11-22T12:00:00Z": at, "2026-11-22T12:00:00.52Z": at.Add(520 * time.Millisecond), "2026-11-22T12:00:00.001Z": at.Add(1999 * time.Microsecond),
		"9999-12-31T00:00:00Z": time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC),
	} {
		if got := write.Timestamp(given); got != want {
			t.Errorf("%v: got %q, want %q", given, got, want)
		}
	}
	for _, given := range []time.Time{at.AddDate(8000, 0, 0), at.AddDate(-3000, 0, 0)} {
		if got := write.Timestamp(given); got != "" {
			t.Errorf("%v: got %q", given, got)
		}
	}
}

func TestClosedLists(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff([]string{"b", "a"}, write.Known([]string{"b", "x", "a", "b"}, "a", "b")); diff != "" {
		t.Error(diff)
	}
	if write.OneOf("a", "a") != "a" || write.OneOf("x", "a") != "" || write.Known(nil, "a") == nil {
		t.Error("a closed list is not closed, or is null")
	}
}

// The name of a merchant is cut to what the schema allows; what cannot be cut
// without becoming another is not shown at all.
func TestAuthenticationFits(t *testing.T) {
	t.Parallel()
	s := commerce.Session{Status: commerce.AuthenticationRequired, AuthenticationMetadata: &commerce.AuthenticationMetadata{
		AcquirerBIN: "412345", AcquirerCountry: "DE", AcquirerMerchantID: "m_1", MerchantName: strings.Repeat("ä", 41), DirectoryServer: "visa",
	}}
	got := write.AuthenticationOf(s)
	if got == nil || got.AcquirerDetails.MerchantName != strings.Repeat("ä", 40) {
		t.Errorf("got %+v", got)
	}
	s.AuthenticationMetadata.AcquirerMerchantID = strings.Repeat("1", 36)
	if got := write.AuthenticationOf(s); got != nil {
		t.Errorf("got %+v", got)
	}
}
