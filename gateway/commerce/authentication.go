package commerce

import (
	"slices"
	"strings"
	"time"
)

// The outcomes of an authentication, in the words of 2026-04-17 (schema AuthenticationResult, read 2026-11-22).
const (
	OutcomeAuthenticated   = "authenticated"
	OutcomeAttempted       = "attempt_acknowledged"
	OutcomeDenied          = "denied"
	OutcomeRejected        = "rejected"
	OutcomeAbandoned       = "abandoned"
	OutcomeCanceled        = "canceled"
	OutcomeInformational   = "informational"
	OutcomeNotSupported    = "not_supported"
	OutcomeInternalError   = "internal_error"
	OutcomeProcessingError = "processing_error"
)

// The versions of 3-D Secure that a result may be of, also without their last number, and the indicators that it may bring. Sources: the
// import of results at docs.stripe.com/payments/payment-intents/three-d-secure-import, and ACP 2026-04-17, schema AuthenticationResult,
// both read 2026-11-22.
var (
	threeDSVersions   = []string{"1.0.2", "2.1", "2.1.0", "2.2", "2.2.0", "2.3", "2.3.0", "2.3.1"}
	threeDSIndicators = []string{"01", "02", "05", "06", "07"}
)

// maxProof bounds a cryptogram, which has 28 characters, and a transaction's id, which has 36.
const maxProof = 128

// Proves reports whether r holds, in a form that processors take, what is needed to charge on the strength of it.
func (r AuthenticationResult) Proves() bool {
	return (r.Outcome == OutcomeAuthenticated || r.Outcome == OutcomeAttempted) &&
		plausible(r.Cryptogram) && plausible(r.TransactionID) &&
		slices.Contains(threeDSIndicators, r.ECI) && slices.Contains(threeDSVersions, r.Version)
}

// plausible reports whether text is one short word of visible ASCII.
func plausible(text string) bool {
	return text != "" && len(text) <= maxProof && !strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c > '~' })
}

// PendingAuthentication is what a session remembers of authentications: the one that it waits for, and those that it has had. It is
// internal: no answer shows it.
type PendingAuthentication struct {
	// Demanded says that the processor has asked for an authentication, whatever the shop's own rule says, and that no result has ended it.
	Demanded bool
	// Fingerprint is of what was asked for: session, amount, currency and acquirer. Empty: none is waited for.
	Fingerprint string
	AskedAt     time.Time
	// Settled says that the last result ended the request without a charge; the next complete asks again.
	Settled bool
	// Used are fingerprints of the results that were taken, in order: none is taken twice.
	Used []string
}
