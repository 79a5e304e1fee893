package commerce_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// TestWhatProves is which results a processor can be shown: whole, of a known version and in known words.
func TestWhatProves(t *testing.T) {
	t.Parallel()
	good := commerce.AuthenticationResult{
		Outcome: commerce.OutcomeAuthenticated, Cryptogram: "M6+990I6FLD8Y6rZz9d5QbfrMNY=", ECI: "05", TransactionID: "ds-1", Version: "2.2.0",
	}
	for name, c := range map[string]struct {
		change func(*commerce.AuthenticationResult)
		proves bool
	}{
		"whole":                {func(*commerce.AuthenticationResult) {}, true},
		"an attempt":           {func(r *commerce.AuthenticationResult) { r.Outcome = commerce.OutcomeAttempted }, true},
		"a short version":      {func(r *commerce.AuthenticationResult) { r.Version = "2.1" }, true},
		"denied":               {func(r *commerce.AuthenticationResult) { r.Outcome = commerce.OutcomeDenied }, false},
		"informational":        {func(r *commerce.AuthenticationResult) { r.Outcome = commerce.OutcomeInformational }, false},
		"no outcome":           {func(r *commerce.AuthenticationResult) { r.Outcome = "" }, false},
		"no cryptogram":        {func(r *commerce.AuthenticationResult) { r.Cryptogram = "" }, false},
		"no transaction":       {func(r *commerce.AuthenticationResult) { r.TransactionID = "" }, false},
		"no version":           {func(r *commerce.AuthenticationResult) { r.Version = "" }, false},
		"a version to come":    {func(r *commerce.AuthenticationResult) { r.Version = "3.0" }, false},
		"no indicator":         {func(r *commerce.AuthenticationResult) { r.ECI = "" }, false},
		"an unknown indicator": {func(r *commerce.AuthenticationResult) { r.ECI = "99" }, false},
		"a line break":         {func(r *commerce.AuthenticationResult) { r.TransactionID = "ds\n1" }, false},
		"no end":               {func(r *commerce.AuthenticationResult) { r.Cryptogram = strings.Repeat("A", 1000) }, false},
	} {
		r := good
		c.change(&r)
		if r.Proves() != c.proves {
			t.Errorf("%s: %v", name, r.Proves())
		}
		if shown := fmt.Sprintf("%v %+v %#v %s", r, r, r, &r); r.Cryptogram != "" && strings.Contains(shown, r.Cryptogram) {
			t.Errorf("%s: it shows its cryptogram: %s", name, shown)
		}
	}
}
