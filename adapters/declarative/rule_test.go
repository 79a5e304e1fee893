package declarative_test

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// TestARuleWithoutStatusJudgesNoOpenAnswer lets a shop give its own error code with every status. After a placing call whose outcome the
// status leaves open, the code is no refusal; a rule that names the status may say otherwise.
func TestARuleWithoutStatusJudgesNoOpenAnswer(t *testing.T) {
	t.Parallel()
	const anyCode, named = "errors:\n  - {when: '.body.code? != null', as: Rejected}\noperations:\n",
		"errors:\n  - {status: [301, 408, 429, 500, 503], when: '.body.code? != null', as: Rejected}\noperations:\n"
	for status, want := range map[int]commerce.Kind{
		200: commerce.Rejected, 400: commerce.Rejected, 404: commerce.Rejected, 409: commerce.Rejected, 422: commerce.Rejected,
		301: commerce.Indeterminate, 307: commerce.Indeterminate, 408: commerce.Indeterminate, 429: commerce.RateLimited,
		500: commerce.Indeterminate, 502: commerce.Indeterminate, 503: commerce.Indeterminate, 599: commerce.Indeterminate,
	} {
		f, a := open(t, strings.Replace(stateless, "operations:\n", anyCode, 1), map[string]string{"POST /orders": `{"code":"INTERNAL"}`})
		f.status["POST /orders"] = status
		if _, err := a.PlaceOrder(t.Context(), place); commerce.KindOf(err) != want {
			t.Errorf("%d: %v, want %s", status, err, want)
		}
	}
	for _, status := range []int{301, 408, 429, 500, 503} {
		f, a := open(t, strings.Replace(stateless, "operations:\n", named, 1), map[string]string{"POST /orders": `{"code":"INTERNAL"}`})
		f.status["POST /orders"] = status
		if _, err := a.PlaceOrder(t.Context(), place); commerce.KindOf(err) != commerce.Rejected {
			t.Errorf("%d, which a rule names: %v", status, err)
		}
	}
	// Of a read it is no fault of what was asked for.
	f, a := open(t, strings.Replace(stateless, "operations:\n", anyCode, 1), map[string]string{"GET /orders/1": `{"code":"INTERNAL"}`})
	f.status["GET /orders/1"] = 500
	if _, err := a.GetOrder(t.Context(), "1"); commerce.KindOf(err) != commerce.Temporary {
		t.Errorf("a read: %v", err)
	}
}
