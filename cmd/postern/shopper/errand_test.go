package shopper

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// instant is a clock whose sleeps are over at once, and are counted.
type instant struct{ slept []time.Duration }

func (c *instant) Now() time.Time { return time.Unix(1795331327, 0) }

func (c *instant) Sleep(ctx context.Context, d time.Duration) error {
	c.slept = append(c.slept, d)
	return context.Cause(ctx)
}

const sessionText = `{"id":"cs_1","status":"STATUS","currency":"usd","totals":[{"type":"items_base_amount","display_text":"Items","amount":500},` +
	`{"type":"total","display_text":"Total","amount":500}],"line_items":[],"messages":[]ORDER}`

func session(status, order string) string {
	return strings.NewReplacer("STATUS", status, "ORDER", order).Replace(sessionText)
}

// seller answers create with a session that can be paid, and complete with the answers in their order; "" cuts the line.
type seller struct {
	answers []string
	seen    []string // key and body of each complete
	paths   []string
}

func (s *seller) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.paths = append(s.paths, r.Method+" "+r.URL.Path)
	switch {
	case r.URL.Path == "/checkout_sessions":
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, session("ready_for_payment", ""))
	case strings.HasSuffix(r.URL.Path, "/complete"):
		body, _ := io.ReadAll(r.Body)
		s.seen = append(s.seen, r.Header.Get("Idempotency-Key")+" "+string(body))
		next := s.answers[0]
		s.answers = s.answers[1:]
		switch next {
		case "":
			panic(http.ErrAbortHandler)
		case "busy":
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusServiceUnavailable)
			next = `{"type":"service_unavailable","code":"service_unavailable","message":"later"}`
		}
		_, _ = io.WriteString(w, next)
	case strings.HasSuffix(r.URL.Path, "/cancel"):
		_, _ = io.WriteString(w, session("canceled", ""))
	case r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/checkout_sessions/"):
		_, _ = io.WriteString(w, session("completed", `,"order":{"id":"o_1","permalink_url":"https://x.example/o_1"}`))
	default:
		http.NotFound(w, r)
	}
}

// do runs an errand at a seller.
func do(t *testing.T, s *seller) (Result, *instant, string, error) {
	t.Helper()
	server := httptest.NewServer(s)
	defer server.Close()
	c, story := &instant{}, &bytes.Buffer{}
	r, err := Errand{
		Options: Options{URL: server.URL, Token: "t", Version: "2026-04-17", Keys: "k"}, Items: []Item{{"A", 1}}, Clock: c, Narrator: NewNarrator(story),
		Pay: func(context.Context, Need) (string, error) { return "spt_0123456789", nil },
	}.Run(t.Context())
	return r, c, story.String(), err
}

const bought = `,"order":{"id":"o_1","permalink_url":"https://x.example/o_1"}`

// TestPayRepeatsTheSameCall: an answer that is lost, or says that the outcome is open, is asked for again under the same key.
func TestPayRepeatsTheSameCall(t *testing.T) {
	t.Parallel()
	s := &seller{answers: []string{"", "busy", session("completed", bought)}}
	r, c, story, err := do(t, s)
	if err != nil || !r.OK || r.OrderID != "o_1" || r.Total != 500 {
		t.Fatalf("%+v, %v\n%s", r, err, story)
	}
	if len(s.seen) != 3 || len(slices.Compact(s.seen)) != 1 {
		t.Errorf("the calls differ: %q", s.seen)
	}
	if !slices.Equal(c.slept, []time.Duration{time.Second, 7 * time.Second}) {
		t.Errorf("waits of %v, want one second and what the seller asked for", c.slept)
	}
	if strings.Contains(story, "spt_0123456789") {
		t.Error("the story shows the payment token")
	}
}

// TestPayGivesUpWithoutKnowing never cancels what may have been bought.
func TestPayGivesUpWithoutKnowing(t *testing.T) {
	t.Parallel()
	s := &seller{answers: make([]string, payTries)}
	r, _, _, err := do(t, s)
	if err == nil || r.OK || !strings.Contains(r.Error, "is not known") || !strings.Contains(r.Remedy, "--session cs_1") {
		t.Errorf("%+v, %v", r, err)
	}
	if slices.Contains(s.paths, "POST /checkout_sessions/cs_1/cancel") {
		t.Error("a checkout whose outcome is open was canceled")
	}
}

// TestPayWaitsForTheEnd looks until a completion that is under way has ended.
func TestPayWaitsForTheEnd(t *testing.T) {
	t.Parallel()
	r, _, _, err := do(t, &seller{answers: []string{session("complete_in_progress", "")}})
	if err != nil || r.OrderID != "o_1" {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestPayIsRefused: a decided refusal ends the errand, and the checkout is given up.
func TestPayIsRefused(t *testing.T) {
	t.Parallel()
	declined := strings.Replace(session("ready_for_payment", ""), `"messages":[]`, `"messages":[{"type":"error","code":"payment_declined","content":"No."}]`, 1)
	dearer := strings.ReplaceAll(session("ready_for_payment", ""), "500", "900")
	for answer, want := range map[string]string{
		declined:                        "there is no order: No.",
		dearer:                          "the price moved from 5.00 USD to 9.00 USD",
		session("completed", ""):        "the answer has no order",
		session("pending_approval", ""): "somebody must approve it first",
	} {
		s := &seller{answers: []string{answer}}
		r, _, _, err := do(t, s)
		if err == nil || r.OK || !strings.Contains(r.Error, want) || r.Remedy == "" {
			t.Errorf("%+v, %v, want %q", r, err, want)
		}
		open := answer == declined || answer == dearer
		if slices.Contains(s.paths, "POST /checkout_sessions/cs_1/cancel") != open {
			t.Errorf("%s: the calls are %q", want, s.paths)
		}
	}
}

// TestNarratorKeepsControlCharactersOut: what a seller writes cannot speak to the terminal.
func TestNarratorKeepsControlCharactersOut(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	NewNarrator(&b).messages([]Message{{Type: "info", Content: "a\x1b[2Jb\u009bc\rd"}})
	if strings.ContainsAny(b.String(), "\x1b\r\u009b") {
		t.Errorf("%q", b.String())
	}
}

func TestLastEvent(t *testing.T) {
	t.Parallel()
	for stream, want := range map[string]string{
		"data: {\"a\":1}\n\n": `{"a":1}`,
		"event: message\r\ndata: {\"a\":1}\r\n\r\ndata: {\"b\":\ndata: 2}\n\n": `{"b":2}`,
		"data: {\"a\":1}": `{"a":1}`,
		": nothing\n\n":   "",
	} {
		if got := string(lastEvent([]byte(stream))); got != want {
			t.Errorf("%q: %q, want %q", stream, got, want)
		}
	}
}

func TestChooseKeepsOtherChoices(t *testing.T) {
	t.Parallel()
	c := Checkout{
		Lines:   []Line{{ID: "l1"}, {ID: "l2"}},
		Choices: []Choice{{Option: "ground", Kind: "shipping", Lines: []string{"l1"}}, {Option: "mail", Kind: "digital", Lines: []string{"l2"}}},
	}
	for _, d := range dialects {
		if d.selects == single {
			continue
		}
		body, _ := d.Choose(Option{ID: "express", Kind: "shipping"}, c).(object)
		again, err := d.ReadSession([]byte(mustText(t, body)))
		want := []Choice{{Option: "express", Kind: "shipping", Lines: []string{"l1"}}, {Option: "mail", Kind: "digital", Lines: []string{"l2"}}}
		if err != nil || !slices.EqualFunc(again.Choices, want, func(a, b Choice) bool {
			return a.Option == b.Option && a.Kind == b.Kind && slices.Equal(a.Lines, b.Lines)
		}) {
			t.Errorf("%s: %+v, %v", d.version, again.Choices, err)
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	good := Options{URL: "https://x.example/acp/", Token: "t", Version: "2026-04-17", Transport: MCP}
	s, err := New(good)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	for name, spoil := range map[string]func(*Options){
		"no date": func(o *Options) { o.Version = "" }, "a date without MCP": func(o *Options) { o.Version = "2026-01-30" },
		"no address": func(o *Options) { o.URL = "x.example" }, "a file": func(o *Options) { o.URL = "file:///etc" }, "a query": func(o *Options) { o.URL += "?a=1" },
		"no token": func(o *Options) { o.Token = "" }, "two words": func(o *Options) { o.Token = "a b" }, "another transport": func(o *Options) { o.Transport = "smtp" },
	} {
		o := good
		spoil(&o)
		if _, err := New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := (Errand{Options: good, Session: "cs_1/complete"}).Check(); err == nil || errors.Is(err, errNoToken) {
		t.Errorf("a session with a slash: %v", err)
	}
}

func mustText(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestPlainAbroad(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"http://127.0.0.1:8080": false, "http://[::1]:80": false, "http://localhost": false, "https://shop.example.com": false,
		"http://shop.example.com": true, "http://10.0.0.1:80": true,
	} {
		if got := plainAbroad(address); got != want {
			t.Errorf("%s: %v, want %v", address, got, want)
		}
	}
}
