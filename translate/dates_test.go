package translate_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate"
)

// The dates in the order in which they came, with the preview at the end.
var dates = []string{"2025-09-29", "2025-12-12", "2026-01-16", "2026-01-30", "2026-04-17", "unreleased"}

// tell is what a date says of a session.
func tell(t *testing.T, date string, s commerce.Session) published {
	t.Helper()
	version, ok := (translate.Set{Unreleased: true}).Lookup(date)
	if !ok {
		t.Fatalf("%s is not spoken", date)
	}
	body, err := version.EncodeSession(s)
	if err != nil {
		t.Fatalf("%s: %v", date, err)
	}
	return parseSample(t, body)
}

// said are the messages in short: type, code, the begin of the text.
func (s published) said() []string {
	return listOf(s, "messages", func(m published) string {
		content, _, _ := strings.Cut(m.text("content"), ".")
		return strings.Join(slices.DeleteFunc([]string{m.text("type"), m.text("code"), content}, func(word string) bool { return word == "" }), " ")
	})
}

// Every state has its word in every date, and a message for what the word
// cannot say (specification, the status enums of the dates; read 2026-11-22).
func TestStatusesOfTheDates(t *testing.T) {
	t.Parallel()
	const (
		notReady = "not_ready_for_payment"
		missing  = "error missing The checkout session is not complete yet"
		signIn   = "error requires_sign_in The buyer must act in the shop"
		approval = "error missing An approval is still missing"
		threeDS  = "error requires_3ds The card holder must authenticate"
		over     = "info The checkout session has expired"
	)
	same := func(status string) [6]string { return [6]string{status, status, status, status, status, status} }
	older := func(status, newer string) [6]string { return [6]string{status, status, status, newer, newer, newer} }
	for status, want := range map[commerce.Status]struct {
		words   [6]string // by date
		message string    // of the dates whose word says too little
	}{
		commerce.NotReady:               {same(notReady), ""},
		commerce.Ready:                  {same("ready_for_payment"), ""},
		commerce.Completed:              {same("completed"), ""},
		commerce.Canceled:               {same("canceled"), ""},
		commerce.CompleteInProgress:     {older("in_progress", "complete_in_progress"), ""},
		commerce.Expired:                {older("canceled", "expired"), over},
		commerce.Incomplete:             {older(notReady, "incomplete"), missing},
		commerce.RequiresEscalation:     {older(notReady, "requires_escalation"), signIn},
		commerce.PendingApproval:        {older(notReady, "pending_approval"), approval},
		commerce.AuthenticationRequired: {[6]string{notReady, "authentication_required", "authentication_required", "authentication_required", "authentication_required", "authentication_required"}, threeDS},
		"of a date to come":             {same(notReady), ""},
	} {
		s := ready()
		if status == commerce.AuthenticationRequired {
			s = sessions["browser"]()
			s.ContinueURL = ""
		}
		s.Status = status
		for i, date := range dates {
			answer := tell(t, date, s)
			if got := answer.text("status"); got != want.words[i] {
				t.Errorf("%s in %s: %s, want %s", status, date, got, want.words[i])
			}
			var said []string
			if want.words[i] != string(status) && want.message != "" {
				said = []string{want.message}
			}
			if diff := cmp.Diff(said, answer.said(), cmp.Transformer("", func(list []string) string { return strings.Join(list, "\n") })); diff != "" {
				t.Errorf("%s in %s: %s", status, date, diff)
			}
		}
	}
}

// A date that needs the browser of the card holder, and has not got it, cannot
// show the step: it hands the buyer off in words. So does every date whose
// schema has no room for what is known.
func TestAuthenticationThatCannotBeShown(t *testing.T) {
	t.Parallel()
	shown := func(t *testing.T, date string, s commerce.Session) bool {
		t.Helper()
		answer := tell(t, date, s)
		asks := answer.text("status") == "authentication_required"
		if has := answer["authentication_metadata"] != nil; has != asks {
			t.Errorf("%s: the status asks: %t, the metadata stands: %t", date, asks, has)
		}
		handed := slices.ContainsFunc(answer.said(), func(m string) bool { return strings.HasPrefix(m, "error requires_3ds") })
		if handed == asks {
			t.Errorf("%s: the status asks: %t, a message says so: %t", date, asks, handed)
		}
		return asks
	}
	without := authentication()
	for i, date := range dates {
		if got, want := shown(t, date, without), i >= 4; got != want {
			t.Errorf("%s without a browser: shown %t, want %t", date, got, want)
		}
		if got, want := shown(t, date, sessions["browser"]()), i >= 1; got != want {
			t.Errorf("%s with a browser: shown %t, want %t", date, got, want)
		}
	}
	for name, spoil := range map[string]func(*commerce.AuthenticationMetadata){
		"another network":  func(a *commerce.AuthenticationMetadata) { a.DirectoryServer = "diners" },
		"a long number":    func(a *commerce.AuthenticationMetadata) { a.AcquirerBIN = "412345678901" },
		"a country's name": func(a *commerce.AuthenticationMetadata) { a.AcquirerCountry = "USA" },
	} {
		s := sessions["browser"]()
		spoil(s.AuthenticationMetadata)
		for _, date := range dates {
			if shown(t, date, s) {
				t.Errorf("%s shows %s", date, name)
			}
		}
	}
	for name, channel := range map[string]string{
		"no JSON": "{", "another kind": `{"type":"app"}`, "half a browser": `{"type":"browser","browser":{"language":"en"}}`,
		"scripts without a screen": strings.Replace(browser, `"screen_height":1,`, "", 1), "a text for a number": strings.Replace(browser, `"screen_height":1`, `"screen_height":"1"`, 1),
	} {
		s := sessions["browser"]()
		s.AuthenticationMetadata.Channel = json.RawMessage(channel)
		if shown(t, "2026-01-30", s) {
			t.Errorf("%s is taken for a browser", name)
		}
	}
}

// What a date has no member for is left out, and said in words where an agent
// needs it.
func TestWhatOlderDatesDoNotShow(t *testing.T) {
	t.Parallel()
	s := everything()
	s.Status, s.Order = commerce.Ready, nil
	s.Quote.Totals = slices.DeleteFunc(s.Quote.Totals, func(row commerce.Total) bool { return row.Type == commerce.TotalRefunded })
	for i, date := range dates {
		answer := tell(t, date, s)
		kinds := listOf(answer, "fulfillment_options", func(o published) string { return o.text("type") })
		if hidden := !slices.Contains(kinds, "pickup") && !slices.Contains(kinds, "local_delivery"); hidden != (i < 3) {
			t.Errorf("%s: options %v", date, kinds)
		}
		for _, words := range []string{
			"info Discount applied: Spring", "info Chosen delivery: Store (pickup)", "info The buyer can go on in the shop",
		} {
			if said := slices.Contains(answer.said(), words); said != (i < 3) {
				t.Errorf("%s: %q is said: %t", date, words, said)
			}
		}
		for member, from := range map[string]int{
			"selected_fulfillment_options": 1, "fulfillment_details": 1, "capabilities": 3, "protocol": 3, "discounts": 3, "continue_url": 3, "locale": 3,
			"quote_id": 3, "metadata": 3, "expires_at": 3, "marketing_consent_options": 4,
		} {
			if has := answer[member] != nil; has != (i >= from) {
				t.Errorf("%s: %s is shown: %t", date, member, has)
			}
		}
		for member, until := range map[string]int{"payment_provider": 3, "fulfillment_address": 1} {
			if has := answer[member] != nil; has != (i < until) {
				t.Errorf("%s: %s is shown: %t", date, member, has)
			}
		}
		rows := listOf(answer, "totals", func(row published) string { return row.text("type") })
		if folded := !slices.Contains(rows, "tip") && !slices.Contains(rows, "store_credit") && !slices.Contains(rows, "gift_wrap"); folded != (i < 3) {
			t.Errorf("%s: rows %v", date, rows)
		}
		warns := slices.ContainsFunc(answer.said(), func(m string) bool { return strings.HasPrefix(m, "warning ") })
		if warns != (i >= 3) {
			t.Errorf("%s: it warns: %t", date, warns)
		}
		resolved := listOf(answer, "messages", func(m published) string { return m.text("resolution") })
		if told := slices.Contains(resolved, "recoverable"); told != (i >= 4) {
			t.Errorf("%s: it says what can be done: %t", date, told)
		}
		text, _ := json.Marshal(map[string]any(answer))
		if has := strings.Contains(string(text), `"company":"Engines"`); has != (i >= 4) {
			t.Errorf("%s: the company of an address is shown: %t", date, has)
		}
		if has := strings.Contains(string(text), `"display_name":"Card"`); has != (i >= 4) {
			t.Errorf("%s: the name of a handler is shown: %t", date, has)
		}
	}
}

// The order of 2026-01-30 has four words for its state; a canceled order has
// none of them.
func TestOrderStatusesOfTheDates(t *testing.T) {
	t.Parallel()
	for status, want := range map[commerce.OrderStatus]string{
		commerce.OrderCreated: "confirmed", commerce.OrderManualReview: "confirmed", commerce.OrderConfirmed: "confirmed",
		commerce.OrderProcessing: "processing", commerce.OrderShipped: "shipped", commerce.OrderCompleted: "delivered", commerce.OrderCanceled: "", "odd": "",
	} {
		s := ready()
		s.Status, s.Order = commerce.Completed, inState(status)
		if got := tell(t, "2026-01-30", s).at("order").text("status"); got != want {
			t.Errorf("%s in 2026-01-30: %q, want %q", status, got, want)
		}
		if got := tell(t, "2026-04-17", s).at("order").text("status"); got != string(status) {
			t.Errorf("%s in 2026-04-17: %q", status, got)
		}
		if order := tell(t, "2026-01-16", s).at("order"); len(order) != 3 {
			t.Errorf("%s in 2026-01-16: %v", status, order)
		}
	}
}

// A place among the ways to pay is told as soon as one has a place, for 0 is
// one too.
func TestPlacesOfHandlers(t *testing.T) {
	t.Parallel()
	s := ready()
	s.Handlers = append(s.Handlers, s.Handlers[0])
	places := func(date string) string {
		handlers := listOf(tell(t, date, s).at("capabilities").at("payment"), "handlers", func(h published) string { return h.number("display_order") })
		return strings.Join(handlers, ",")
	}
	if got := places("2026-04-17"); got != "," {
		t.Errorf("nobody has a place: %q", got)
	}
	s.Handlers[1].DisplayOrder = 1
	if got := places("2026-04-17"); got != "0,1" {
		t.Errorf("one has a place: %q", got)
	}
	if got := places("2026-01-30"); got != "," {
		t.Errorf("2026-01-30 has no places: %q", got)
	}
}
