package shopper

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
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
	why := short(r.body)
	if r.Code != "" && r.Message != "" {
		why = r.Code + ": " + r.Message
		if r.Param != "" {
			why += " (" + r.Param + ")"
		}
	}
	if r.Status == 0 || r.Status == r.want {
		return fmt.Sprintf("%s: the seller refuses: %s", r.Step, why)
	}
	return fmt.Sprintf("%s: the seller answers %d, not %d: %s", r.Step, r.Status, r.want, why)
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
	body := r.Body
	if inner := errorData(body); inner != nil {
		body = inner
	}
	if json.Unmarshal(body, &w) == nil { // a proxy in between answers what it likes
		out.Type, out.Code, out.Message, out.Param = w.Type, w.Code, w.Message, w.Param
	}
	if seconds, err := strconv.ParseInt(r.Header.Get("Retry-After"), 10, 32); err == nil && seconds > 0 {
		out.RetryAfter = time.Duration(seconds) * time.Second
	}
	return out
}

// errorData is the protocol's error inside of a JSON-RPC error, with which an MCP endpoint refuses by itself; nil if there is none.
func errorData(body []byte) []byte {
	var w struct {
		Error struct {
			Data jsontext.Value `json:"data"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &w) != nil {
		return nil
	}
	return w.Error.Data
}
