package conformance

import (
	"strings"
	"testing"
)

func TestSame(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{`{"a":1,"b":[1,2]}`, `{"b":[1.0,2e0],"a":1.00}`, true},
		{`{"a":null}`, `{}`, false},
		{`[1,2]`, `[2,1]`, false},
		{`"1"`, `1`, false},
		{`{"a":{"b":"x"}}`, `{"a":{"b":"y"}}`, false},
		{`9007199254740993`, `9007199254740992`, false},
		{`true`, `true`, true},
	} {
		a, err := parse([]byte(tt.a))
		if err != nil {
			t.Fatal(err)
		}
		b, err := parse([]byte(tt.b))
		if err != nil {
			t.Fatal(err)
		}
		if same(a.value, b.value) != tt.want {
			t.Errorf("%s and %s are the same: %v, want %v", tt.a, tt.b, !tt.want, tt.want)
		}
		if d := difference(a.value, b.value); (d == "") != tt.want {
			t.Errorf("%s and %s differ in %q", tt.a, tt.b, d)
		}
	}
}

func TestParseIsStrict(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "{", `{"a":1,"a":2}`, "{} {}", "{\"a\":\"\xff\"}", "nul"} {
		if _, err := parse([]byte(bad)); err == nil {
			t.Errorf("%q is read as JSON", bad)
		}
	}
	n, err := parse([]byte(`{"a":[{"b":3},{"b":1.5}],"n":null}`))
	if err != nil {
		t.Fatal(err)
	}
	if i, ok := n.whole("a", 0, "b"); !ok || i != 3 {
		t.Errorf("3 is read as %d, %v", i, ok)
	}
	if _, ok := n.whole("a", 1, "b"); ok {
		t.Error("1.5 is read as an integer")
	}
	if n.has("n") || !n.at("n").present || n.at("a", 2).present || n.at("a", "b").present {
		t.Error("null and absent are mixed up")
	}
}

func TestLastEvent(t *testing.T) {
	t.Parallel()
	stream := "event: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\"}\n\n: ping\n\ndata: {\"jsonrpc\":\"2.0\",\"id\":1,\ndata: \"result\":{}}\n\n"
	if got := string(lastEvent([]byte(stream))); got != `{"jsonrpc":"2.0","id":1,"result":{}}` {
		t.Errorf("the response of the stream is %q", got)
	}
}

// TestReasonsHoldNoSecrets ends a statement with a secret in its last call.
func TestReasonsHoldNoSecrets(t *testing.T) {
	t.Parallel()
	r := &run{}
	r.secret("tok-very-secret")
	s := &trial{run: r, statement: Statement{ID: "X-01", check: func(t *trial) {
		t.last = answer{sent: `POST /x {"token":"tok-very-secret"}`, status: 400, raw: []byte(`{"message":"tok-very-secret is bad"}`)}
		t.failf("no good")
	}}}
	got := s.attempt()
	if got.Outcome != Failed || strings.Contains(got.Reason, "very-secret") || !strings.Contains(got.Reason, "[redacted] is bad") {
		t.Errorf("the result is %+v", got)
	}
}

// TestEndings are the ways in which a statement ends.
func TestEndings(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		check func(*trial)
		want  Outcome
	}{
		"looks at nothing": {func(*trial) {}, Failed},
		"looks":            {func(t *trial) { t.calls++ }, Passed},
		"skips":            {func(t *trial) { t.skipf("because") }, Skipped},
		"a part fails":     {func(t *trial) { t.calls++; t.in(v1, REST).failf("no") }, Failed},
		"a part skips":     {func(t *trial) { t.calls++; t.in(v1, REST).skipf("no") }, Skipped},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := (&trial{run: &run{}, statement: Statement{ID: "X-01", check: tt.check}}).attempt()
			if got.Outcome != tt.want || got.Outcome != Passed && got.Reason == "" {
				t.Errorf("it ends %s (%s), want %s", got.Outcome, got.Reason, tt.want)
			}
		})
	}
}

// TestDerive are all kinds of quantities of an order's line.
func TestDerive(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ quantity, want string }{
		{`{"ordered":2,"current":0,"fulfilled":0}`, "removed"},
		{`{"ordered":2,"current":2,"fulfilled":2}`, "fulfilled"},
		{`{"ordered":2,"current":1,"fulfilled":1}`, "fulfilled"},
		{`{"ordered":2,"current":2,"fulfilled":1}`, "partial"},
		{`{"ordered":2,"current":2}`, "processing"},
	} {
		line, err := parse([]byte(`{"quantity":` + tt.quantity + `}`))
		if err != nil {
			t.Fatal(err)
		}
		if got := derive(line); got != tt.want {
			t.Errorf("%s is %s, want %s", tt.quantity, got, tt.want)
		}
	}
}
