package acpagent

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"time"
)

// signatureAge is how far the time of a signature may be away.
const signatureAge = 300 * time.Second

var signatureForm = regexp.MustCompile(`^t=([0-9]+),v1=([0-9a-f]{64})$`)

// VerifySignature checks header Merchant-Signature: HMAC-SHA256 over the time, a dot and the body, not more than 300 s away from now
// (ACP 2026-04-17, openapi.agentic_checkout_webhook.yaml, read 2026-11-22).
func VerifySignature(secret, header string, body []byte, now time.Time) error {
	m := signatureForm.FindStringSubmatch(header)
	if m == nil {
		return fmt.Errorf("the signature %q has not the published form", header)
	}
	unix, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		return fmt.Errorf("the time of the signature: %w", err)
	}
	if age := now.Sub(time.Unix(unix, 0)); age.Abs() > signatureAge {
		return fmt.Errorf("the signature is %s away", age)
	}
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = io.WriteString(mac, m[1]+"."+string(body))
	got, err := hex.DecodeString(m[2])
	if err != nil || !hmac.Equal(got, mac.Sum(nil)) {
		return errors.New("the signature is wrong")
	}
	return nil
}
