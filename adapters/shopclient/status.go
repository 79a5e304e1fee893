package shopclient

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// maxRetryAfter bounds what a shop may ask us to wait.
const maxRetryAfter = time.Hour

// OK reports a status of 200 to 299.
func (r Response) OK() bool { return r.Status >= 200 && r.Status <= 299 }

// Fault says what a status means when the shop's own words say no more. For a write only the definite refusals of RFC 9110 section
// 15.5 are refusals: 5xx, 3xx (which is never followed), 408 and an unexpected 2xx leave the outcome unknown, because old shops answer
// 500 and redirects after they have acted.
func (r Response) Fault() *commerce.Fault {
	name := r.request.name()
	switch s := r.Status; {
	case s == http.StatusUnauthorized || s == http.StatusForbidden:
		return commerce.Faultf(commerce.Unauthorized, "%s answered %d: the shop refuses the credentials; check them", name, s)
	case s == http.StatusTooManyRequests:
		f := commerce.Faultf(commerce.RateLimited, "%s answered %d: the shop wants less traffic", name, s)
		f.RetryAfter = retryAfter(r.Header)
		return f
	case s >= 400 && s <= 499 && s != http.StatusRequestTimeout:
		return commerce.Faultf(commerce.Unexplained, "%s answered %d, which nothing here explains", name, s)
	case s >= 300 && s <= 399:
		return lost(r.request, s, "redirects are not followed; correct base_url")
	case s >= 200 && s <= 299:
		return lost(r.request, s, "this success was not expected here")
	default:
		f := lost(r.request, s, "the shop failed")
		if f.Kind == commerce.Temporary {
			f.RetryAfter = retryAfter(r.Header)
		}
		return f
	}
}

// Unusable is the fault of an answer that arrived whole and makes no sense, for the reason why.
func (r Response) Unusable(why string) *commerce.Fault { return lost(r.request, r.Status, why) }

// retryAfter reads the delay in seconds of RFC 9110 section 10.2.3; a date is left out, because shops' clocks differ from ours.
func retryAfter(h http.Header) time.Duration {
	n, err := strconv.Atoi(strings.TrimSpace(h.Get("Retry-After")))
	if err != nil || n < 0 {
		return 0
	}
	return min(time.Duration(n)*time.Second, maxRetryAfter)
}
