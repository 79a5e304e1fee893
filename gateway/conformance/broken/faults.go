//go:build brokenseller

package broken

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Fault is one way in which a seller breaks the specification.
type Fault struct {
	// Name is the fault in words.
	Name string
	// Caught are the statements that must find it.
	Caught []string
	// Version and Transport are where it is looked for; empty is 2026-04-17 over REST.
	Version, Transport string

	before  func(*exchange) // changes a call, or answers it
	after   func(*exchange) // changes an answer
	event   func(*exchange) // changes a delivery
	harness func(*exchange) // changes what the harness answers
}

// session makes a fault of every answer that is a session.
func session(change func(*exchange)) func(*exchange) {
	return func(x *exchange) {
		if x.isSession() {
			change(x)
		}
	}
}

// refusal makes a fault of every answer that is an error.
func refusal(change func(*exchange)) func(*exchange) {
	return func(x *exchange) {
		if x.isError() {
			change(x)
		}
	}
}

// Faults are all that can be planted.
func Faults() []Fault {
	return slices.Concat(generalFaults(), keyFaults(), sessionFaults(), moneyFaults(), surfaceFaults(), eventFaults(),
		bookFaults(), completeFaults(), stateFaults())
}

func generalFaults() []Fault {
	return []Fault{
		{Name: "strangers are told 403", Caught: []string{"GEN-01"}, after: func(x *exchange) {
			if x.status == http.StatusUnauthorized {
				x.status = http.StatusForbidden
			}
		}},
		{Name: "errors stand in a wrapper", Caught: []string{"CMP-10", "GEN-02", "GEN-04", "GEN-05"}, after: refusal(func(x *exchange) {
			x.answer = object{"error": x.answer}
		})},
		{Name: "a param without its $", Caught: []string{"CMP-10", "GEN-02"}, after: refusal(func(x *exchange) {
			if p, ok := x.answer["param"].(string); ok {
				x.answer["param"] = strings.TrimPrefix(p, "$.")
			}
		})},
		{Name: "errors lose the Request-Id", Caught: []string{"GEN-03"}, after: refusal(func(x *exchange) { x.back.Del("Request-Id") })},
		{Name: "nobody is told which versions there are", Caught: []string{"GEN-04", "GEN-05"}, after: refusal(func(x *exchange) {
			delete(x.answer, "supported_versions")
		})},
		{Name: "one version is forgotten", Caught: []string{"GEN-05"}, after: refusal(func(x *exchange) {
			if list, ok := x.answer["supported_versions"].([]any); ok {
				x.answer["supported_versions"] = slices.DeleteFunc(list, func(v any) bool { return v == "2026-01-16" })
			}
		})},
		{Name: "unknown versions are taken for the newest", Caught: []string{"GEN-05"}, before: func(x *exchange) {
			if v := x.header.Get("Api-Version"); v != "" && !strings.HasPrefix(v, "202") || v == "2026-04-18" {
				x.header.Set("Api-Version", "2026-04-17")
			}
		}},
		{Name: "an error type of older dates", Caught: []string{"GEN-06"}, after: refusal(func(x *exchange) { x.answer["type"] = "request_not_idempotent" })},
		{Name: "broken JSON is a 422", Caught: []string{"GEN-07"}, after: func(x *exchange) {
			if x.isError() && x.call == nil && x.method == http.MethodPost {
				x.status = http.StatusUnprocessableEntity
			}
		}},
		{Name: "a member of a later date", Caught: []string{"GEN-08", "GEN-09"}, Version: "2025-09-29", after: session(func(x *exchange) {
			if x.header.Get("Api-Version") == "2025-09-29" {
				x.answer["expires_at"] = "2030-01-01T00:00:00Z"
			}
		})},
		{Name: "an amount is text", Caught: []string{"CRE-06", "GEN-08", "TOT-01"}, after: session(func(x *exchange) {
			for _, e := range objects(x.answer, "totals") {
				e["amount"] = fmt.Sprint(e["amount"])
			}
		})},
		{Name: "sessions belong to everybody", Caught: []string{"GEN-10"}, before: func(x *exchange) {
			if x.op() == create {
				return
			}
			id := strings.Split(x.path, "/")[2]
			if owner, ok := x.recall("owner " + id); ok {
				x.header["Authorization"], _ = owner.([]string)
			}
		}, after: session(func(x *exchange) {
			id, _ := x.answer["id"].(string)
			x.remember("owner "+id, x.header["Authorization"])
		})},
		{Name: "unknown members are refused", Caught: []string{"GEN-11"}, before: func(x *exchange) {
			for name := range x.call {
				if strings.HasPrefix(name, "a_member") || name == "another_one" {
					x.refuse(http.StatusBadRequest, "invalid")
				}
			}
		}},
		{Name: "nobody is told when to come again", Caught: []string{"GEN-12"}, after: refusal(func(x *exchange) { x.back.Del("Retry-After") })},
	}
}

func keyFaults() []Fault {
	return []Fault{
		{Name: "a missing key is made up", Caught: []string{"IDM-01"}, before: func(x *exchange) {
			if _, ok := x.header["Idempotency-Key"]; !ok && x.method == http.MethodPost {
				x.header.Set("Idempotency-Key", rand.Text())
			}
		}},
		{Name: "a long key is cut", Caught: []string{"IDM-03"}, before: func(x *exchange) {
			if len(x.key()) > 255 {
				x.header.Set("Idempotency-Key", x.key()[:255])
			}
		}},
		{Name: "a replay differs", Caught: []string{"IDM-04"}, after: session(func(x *exchange) {
			if x.back.Get("Idempotent-Replayed") != "" {
				x.answer["status"] = "incomplete"
			}
		})},
		{Name: "replays are not marked", Caught: []string{"IDM-05"}, after: func(x *exchange) { x.back.Del("Idempotent-Replayed") }},
		{Name: "every answer is marked as a replay", Caught: []string{"IDM-05"}, after: func(x *exchange) { x.back.Set("Idempotent-Replayed", "true") }},
		{Name: "a mismatch has the status of older dates", Caught: []string{"IDM-06"}, after: func(x *exchange) {
			if x.status == http.StatusUnprocessableEntity {
				x.status = http.StatusConflict
			}
		}},
		{Name: "a mismatch has the status of newer dates", Caught: []string{"IDM-07"}, Version: "2026-01-30", after: func(x *exchange) {
			if x.status == http.StatusConflict && x.answer["code"] == "idempotency_conflict" {
				x.status = http.StatusUnprocessableEntity
			}
		}},
		{Name: "keys do nothing", Caught: []string{"IDM-04", "IDM-05", "IDM-06", "IDM-08"}, before: func(x *exchange) {
			if x.key() != "" && len(x.key()) < 256 {
				x.header.Set("Idempotency-Key", rand.Text())
			}
		}},
		{Name: "bodies are compared as bytes", Caught: []string{"IDM-09"}, before: func(x *exchange) {
			if first, seen := x.remember(x.key()+x.path, string(x.in)); x.key() != "" && seen && first != string(x.in) {
				x.refuse(http.StatusUnprocessableEntity, "idempotency_conflict")
			}
		}},
		{Name: "null is taken for absent", Caught: []string{"IDM-10"}, before: func(x *exchange) {
			for name, v := range x.call {
				if v == nil && strings.HasPrefix(name, "x_") {
					delete(x.call, name)
				}
			}
		}},
		{Name: "a key is shared between sessions", Caught: []string{"IDM-11"}, before: func(x *exchange) {
			if kept, ok := x.recall("answer " + x.key()); ok && x.key() != "" && x.op() != create {
				x.status = http.StatusOK
				x.answer, _ = kept.(object)
			}
		}, after: session(func(x *exchange) {
			if x.op() == update {
				x.remember("answer "+x.key(), copied(x.answer))
			}
		})},
		{Name: "failures are remembered", Caught: []string{"IDM-12"}, before: func(x *exchange) {
			if kept, ok := x.recall("failure " + x.key()); ok && x.key() != "" {
				x.status = http.StatusServiceUnavailable
				x.answer, _ = kept.(object)
			}
		}, after: func(x *exchange) {
			if x.status >= http.StatusInternalServerError {
				x.remember("failure "+x.key(), copied(x.answer))
			}
		}},
		{Name: "the key is not echoed", Caught: []string{"IDM-15"}, after: func(x *exchange) { x.back.Del("Idempotency-Key") }},
	}
}
