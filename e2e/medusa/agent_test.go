//go:build e2e

package medusa_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/e2e/acpagent"
	"github.com/postern-gateway/postern/translate/schematest"
)

// The two dates that are spoken.
const (
	oldest = acpagent.Oldest
	newest = acpagent.Newest
)

// agent is an ACP agent that speaks one date. It shares no wire type with the gateway.
type agent struct {
	w       *world
	name    string
	version string
	token   string
	events  *receiver
}

// session is what is read of a checkout session, in either date.
type session struct {
	ID       string `json:"id"`
	Status   string `json:"status"`
	Currency string `json:"currency"`
	Lines    []line `json:"line_items"`
	Options  []struct {
		ID    string `json:"id"`
		Title string `json:"title"`
	} `json:"fulfillment_options"`
	Selected []struct {
		OptionID string `json:"option_id"`
	} `json:"selected_fulfillment_options"`
	SelectedOld string    `json:"fulfillment_option_id"`
	Totals      []total   `json:"totals"`
	Messages    []message `json:"messages"`
	Discounts   struct {
		Applied []struct {
			Code      string `json:"code"`
			Amount    int64  `json:"amount"`
			Automatic bool   `json:"automatic"`
		} `json:"applied"`
		Rejected []struct {
			Code   string `json:"code"`
			Reason string `json:"reason"`
		} `json:"rejected"`
	} `json:"discounts"`
	Order *struct {
		ID        string `json:"id"`
		Permalink string `json:"permalink_url"`
	} `json:"order"`
}

type line struct {
	ID   string `json:"id"`
	Item struct {
		ID       string `json:"id"`
		Quantity int    `json:"quantity"`
	} `json:"item"`
	Quantity     int     `json:"quantity"`
	Totals       []total `json:"totals"`
	Availability string  `json:"availability_status"`
	Available    *int    `json:"available_quantity"`
}

type total struct {
	Type   string `json:"type"`
	Amount int64  `json:"amount"`
}

type message struct {
	Type       string `json:"type"`
	Code       string `json:"code"`
	Param      string `json:"param"`
	Resolution string `json:"resolution"`
	Content    string `json:"content"`
}

// sum is the total of a type, in cents.
func (s session) sum(kind string) int64 {
	for _, t := range s.Totals {
		if t.Type == kind {
			return t.Amount
		}
	}
	return 0
}

func (s session) selected() string {
	if len(s.Selected) > 0 {
		return s.Selected[0].OptionID
	}
	return s.SelectedOld
}

// says returns the message of a type and code.
func (s session) says(kind, code string) (message, bool) {
	for _, m := range s.Messages {
		if m.Type == kind && m.Code == code {
			return m, true
		}
	}
	return message{}, false
}

// answer is one answer of the gateway.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// problem is the body of a refusal.
type problem struct {
	Type, Code, Message, Param string
}

func (a answer) problem(t *testing.T) problem {
	t.Helper()
	var p problem
	if err := json.Unmarshal(a.body, &p); err != nil {
		t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	return p
}

// send makes one call and checks the answer against the published schema of its date.
func (a *agent) send(ctx context.Context, method, path, key string, body any) (answer, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return answer{}, err
	}
	req, err := http.NewRequestWithContext(ctx, method, a.w.url()+path, bytes.NewReader(text))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Authorization", "Bearer "+a.token)
	req.Header.Set("API-Version", a.version)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := a.w.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	got, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		return answer{}, err
	}
	kind := schematest.Session
	switch {
	case res.StatusCode/100 != 2:
		kind = schematest.Error
	case strings.HasSuffix(path, "/complete"):
		kind = schematest.Completion
	}
	if err := a.w.schemas.Check(a.version, kind, got); err != nil {
		a.w.t.Errorf("%s %s: %v\n%s", method, path, err, got)
	}
	return answer{res.StatusCode, res.Header, got}, nil
}

// must makes a call with a new key that has to be answered with the status.
func (a *agent) must(status int, method, path string, body any) answer {
	a.w.t.Helper()
	r, err := a.send(a.w.t.Context(), method, path, rand.Text(), body)
	if err != nil {
		a.w.t.Fatal(err)
	}
	if r.status != status {
		a.w.t.Fatalf("%s %s: %d, want %d: %s", method, path, r.status, status, r.body)
	}
	return r
}

func (a *agent) session(status int, method, path string, body any) session {
	a.w.t.Helper()
	return a.read(a.must(status, method, path, body))
}

func (a *agent) read(r answer) session {
	a.w.t.Helper()
	var s session
	if err := json.Unmarshal(r.body, &s); err != nil {
		a.w.t.Fatalf("%d %s: %v", r.status, r.body, err)
	}
	return s
}

// create opens a session; update, complete and cancel go on with it. A shop that is slow in telling prices is asked until it has told them.
func (a *agent) create(body object) session {
	a.w.t.Helper()
	return a.insist("/checkout_sessions", rand.Text(), body)
}

func (a *agent) update(s session, body object) session {
	a.w.t.Helper()
	return a.insist("/checkout_sessions/"+s.ID, rand.Text(), body)
}

func (a *agent) get(s session) session {
	a.w.t.Helper()
	return a.session(http.StatusOK, http.MethodGet, "/checkout_sessions/"+s.ID, nil)
}

func (a *agent) complete(s session) session {
	a.w.t.Helper()
	return a.completeWith(s, a.pay())
}

func (a *agent) completeWith(s session, body object) session {
	a.w.t.Helper()
	return a.session(http.StatusOK, http.MethodPost, "/checkout_sessions/"+s.ID+"/complete", body)
}

// insist repeats one request with one key until it is answered with a 2xx, as an agent does that was told to come back.
func (a *agent) insist(path, key string, body object) session {
	a.w.t.Helper()
	var r answer
	for range 300 {
		var err error
		if r, err = a.send(a.w.t.Context(), http.MethodPost, path, key, body); err != nil {
			a.w.t.Fatal(err)
		}
		if r.status/100 == 2 {
			return a.read(r)
		}
		if r.status/100 != 5 && r.status != http.StatusConflict {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	a.w.t.Fatalf("%s is answered with %d %s", path, r.status, r.body)
	return session{}
}

// cart is the body of a create: one line for each SKU and its quantity, a buyer, and an address in the country.
func (a *agent) cart(country string, codes []string, lines ...any) object {
	var items []object
	for i := 0; i < len(lines); i += 2 {
		items = append(items, object{"id": lines[i], "quantity": lines[i+1]})
	}
	buyer := object{"first_name": "Ada", "last_name": "Byron", "email": "ada@example.com", "phone_number": "+14155550100"}
	if a.version == oldest {
		return object{"items": items, "buyer": buyer, "fulfillment_address": address(country)}
	}
	body := object{
		"line_items": items, "currency": "usd", "buyer": buyer, "capabilities": object{"interventions": object{"supported": []any{}}},
		"fulfillment_details": object{"name": "Ada Byron", "email": "ada@example.com", "address": address(country)},
	}
	if codes != nil {
		body["discounts"] = object{"codes": codes}
	}
	return body
}

func address(country string) object {
	return object{
		"name": "Ada Byron", "line_one": "17 Analytical Row", "line_two": "Flat 2", "city": "Dallas", "state": "TX",
		"postal_code": "75201", "country": strings.ToUpper(country),
	}
}

// choose is the body of an update that selects an option for all lines.
func (a *agent) choose(s session, option string) object {
	if a.version == oldest {
		return object{"fulfillment_option_id": option}
	}
	var ids []string
	for _, l := range s.Lines {
		ids = append(ids, l.ID)
	}
	return object{"selected_fulfillment_options": []object{{"type": "shipping", "option_id": option, "item_ids": ids}}}
}

// pay is the body of a complete with a new token for a good card.
func (a *agent) pay() object { return a.payWith("pm_card_visa") }

func (a *agent) payWith(card string) object {
	return acpagent.Payment(a.version, a.w.grant(card))
}
