package acpagent_test

import (
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/e2e/acpagent"
)

// The signature was made with: printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac secret.
const signed = "49f24e537407743fa4a0242bb63b94b9a47ee99cbbe071ccd8a22550ae411686"

func TestVerifySignature(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_700_000_000, 0)
	const header, body = "t=1700000000,v1=" + signed, `{"a":1}`
	for _, now := range []time.Time{at, at.Add(300 * time.Second), at.Add(-300 * time.Second)} {
		if err := acpagent.VerifySignature("secret", header, []byte(body), now); err != nil {
			t.Errorf("at %s: %v", now, err)
		}
	}
	for what, c := range map[string]struct {
		secret, header, body string
		now                  time.Time
	}{
		"another secret": {"secrets", header, body, at},
		"another body":   {"secret", header, body + " ", at},
		"another time":   {"secret", strings.Replace(header, "1700000000", "1700000001", 1), body, at},
		"too old":        {"secret", header, body, at.Add(301 * time.Second)},
		"of the future":  {"secret", header, body, at.Add(-301 * time.Second)},
		"no header":      {"secret", "", body, at},
		"capitals":       {"secret", "t=1700000000,v1=" + strings.ToUpper(signed), body, at},
		"more behind":    {"secret", header + ",v0=1", body, at},
	} {
		if acpagent.VerifySignature(c.secret, c.header, []byte(c.body), c.now) == nil {
			t.Errorf("%s: believed", what)
		}
	}
}
