package shopper

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
)

// Refusal is an answer that is no success.
type Refusal struct {
	// Step is what was tried.
	Step string
	// Status is HTTP's; 0 over MCP, unless the endpoint itself refused.
	Status int
	// Type, Code, Message and Param are the protocol's error; empty when the answer is none.
	Type, Code, Message, Param string
	// RetryAfter is how long the seller wants to be left alone; 0: it does not say.
	RetryAfter time.Duration

	want int
	body []byte
}

// Error tells what came.
func (r *Refusal) Error() string {
	if r.Status == 0 {
		return fmt.Sprintf("%s: the seller refuses: %s", r.Step, short(r.body))
	}
	return fmt.Sprintf("%s: the seller answers %d, not %d: %s", r.Step, r.Status, r.want, short(r.body))
}

// Again reports whether the same call may be sent again: nothing was decided.
func (r *Refusal) Again() bool {
	return r.Status == http.StatusTooManyRequests || r.Status == http.StatusServiceUnavailable ||
		r.Code == "idempotency_in_flight" || r.Code == "rate_limited" || r.Type == "service_unavailable"
}

func readRefusal(step string, want int, r Reply) *Refusal {
	out := &Refusal{Step: step, Status: r.Status, want: want, body: r.Body}
	var w struct {
		Type    string `json:"type"`
		Code    string `json:"code"`
		Message string `json:"message"`
		Param   string `json:"param"`
	}
	if json.Unmarshal(r.Body, &w) == nil { // a proxy in between answers what it likes
		out.Type, out.Code, out.Message, out.Param = w.Type, w.Code, w.Message, w.Param
	}
	if seconds, err := strconv.ParseInt(r.Header.Get("Retry-After"), 10, 32); err == nil && seconds > 0 {
		out.RetryAfter = time.Duration(seconds) * time.Second
	}
	return out
}
