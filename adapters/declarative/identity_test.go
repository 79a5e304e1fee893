package declarative_test

import (
	"strings"
	"testing"
)

// TestIdentityIsTheAddress names the shop by adapter and address, whichever way the address is written, and by nothing secret.
func TestIdentityIsTheAddress(t *testing.T) {
	t.Parallel()
	identity := func(address string) string {
		t.Helper()
		a, err := load(strings.Replace(stateless, "http://shop.example/api", address, 1), nil)
		if err != nil {
			t.Fatal(err)
		}
		return a.Identity
	}
	if got := identity("https://a.example/api/"); got != "declarative https://a.example/api" || got != identity("https://a.example/api") {
		t.Errorf("got %q", got)
	}
}
