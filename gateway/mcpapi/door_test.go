package mcpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-gateway/postern/gateway/acp"
	"github.com/postern-gateway/postern/gateway/mcpapi"
)

const ping = `{"jsonrpc":"2.0","id":1,"method":"ping"}`

// TestStrangers holds that who has no good token gets 401 with the way to the metadata, and that nothing of theirs is read.
func TestStrangers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pointer := `resource_metadata="` + publicURL + `/.well-known/oauth-protected-resource/mcp"`
	for name, tt := range map[string]struct{ header, want string }{
		"none":         {"", "Bearer " + pointer},
		"unknown":      {"Bearer nobody", `Bearer error="invalid_token", ` + pointer},
		"expired":      {"Bearer " + tokenExpired, `Bearer error="invalid_token", ` + pointer},
		"empty":        {"Bearer ", `Bearer error="invalid_token", ` + pointer},
		"other scheme": {"Basic " + token, `Bearer error="invalid_token", ` + pointer},
		"two":          {"Bearer " + token + ", Bearer " + token, `Bearer error="invalid_token", ` + pointer},
	} {
		for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodDelete} {
			r := httptest.NewRequest(method, "/mcp", unread{t})
			if tt.header != "" {
				r.Header.Set("Authorization", tt.header)
			}
			rec := w.send(r)
			if got := rec.Header().Get("WWW-Authenticate"); rec.Code != http.StatusUnauthorized || got != tt.want {
				t.Errorf("%s %s: %d, WWW-Authenticate %q, want %q", name, method, rec.Code, got, tt.want)
			}
			m := w.message(rec)
			if m.Error == nil || m.Error.Code != -32000 || codeOf(t, answer{body: string(m.Error.Data)}) != "unauthorized" {
				t.Errorf("%s %s: %s", name, method, rec.Body)
			}
			if strings.Contains(rec.Body.String()+w.log.String(), "nobody") {
				t.Errorf("%s: the token is repeated", name)
			}
		}
	}
}

// TestAnExpiredTokenEndsAtOnce holds that a token is looked at with every request: there is no session that outlives it.
func TestAnExpiredTokenEndsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.clock.Advance(-2 * time.Hour)
	if rec := w.post(tokenExpired, ping); rec.Code != http.StatusOK {
		t.Fatalf("before it ended: %d %s", rec.Code, rec.Body)
	}
	w.clock.Advance(2 * time.Hour)
	if rec := w.post(tokenExpired, ping); rec.Code != http.StatusUnauthorized {
		t.Errorf("after it ended: %d %s", rec.Code, rec.Body)
	}
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	worlds := map[string]*world{}
	for _, tt := range []struct {
		origin, host string
		local        bool // the connection came in on loopback
		public       string
		proxied      bool
		ok           bool
	}{
		{"", "shop.example", false, publicURL, false, true},
		{publicURL, "shop.example", false, publicURL, false, true},
		{"https://SHOP.example", "shop.example", false, publicURL, false, true},
		{"https://main.example", "main.example", false, publicURL, false, true},
		{"http://main.example", "main.example", false, publicURL, false, false},
		{"http://shop.example", "shop.example", false, publicURL, false, false},
		{"https://shop.example:444", "shop.example", false, publicURL, false, false},
		{"https://evil.example", "shop.example", false, publicURL, false, false},
		{"https://shop.example.evil.example", "shop.example", false, publicURL, false, false},
		{"null", "shop.example", false, publicURL, false, false},
		{"<empty>", "shop.example", false, publicURL, false, false},
		{"http://localhost:3000", "shop.example", false, publicURL, false, false},
		{"http://localhost:3000", "127.0.0.1:8080", true, "", false, true},
		{"http://127.0.0.1:6274", "localhost:8080", true, "", false, true},
		{"http://evil.example", "127.0.0.1:8080", true, "", false, false},
		// A name that points at this machine, without a page's origin and with it.
		{"", "evil.example:8080", true, "", false, false},
		{"http://evil.example:8080", "evil.example:8080", true, "", false, false},
		{"", "127.0.0.1:8080", true, "", false, true},
		{"", "[::1]:8080", true, "", false, true},
		{"", "shop.example", true, publicURL, false, true},
		{"", "main.example", true, "", false, true},
		{"", "other.example", true, "", true, true}, // a proxy on this machine
	} {
		kind := fmt.Sprint(tt.public, tt.proxied)
		if worlds[kind] == nil {
			worlds[kind] = newWorld(t, func(o *mcpapi.Options) { o.PublicURL, o.Proxied = tt.public, tt.proxied })
		}
		rec := worlds[kind].post(token, ping, func(r *http.Request) {
			r.Host = tt.host
			switch tt.origin {
			case "":
			case "<empty>":
				r.Header.Set("Origin", "")
			default:
				r.Header.Set("Origin", tt.origin)
			}
			if tt.local {
				*r = *r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080})))
			}
		})
		want := http.StatusOK
		if !tt.ok {
			want = http.StatusForbidden
		}
		if rec.Code != want {
			t.Errorf("%+v: %d %s", tt, rec.Code, rec.Body)
		}
	}
}

// TestWhatIsNotLetIn pins the refusals in front of the SDK: sizes, types, batches and what is no JSON.
func TestWhatIsNotLetIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *mcpapi.Options) { o.MaxBody = 2000 })
	big := `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":"` + strings.Repeat("x", 2000) + `"}}`
	for name, tt := range map[string]struct {
		body   string
		change func(*http.Request)
		status int
		rpc    int
	}{
		"a session to end":     {ping, func(r *http.Request) { r.Method = http.MethodDelete }, 405, -32000},
		"a stream to open":     {"", func(r *http.Request) { r.Method = http.MethodGet }, 405, -32000},
		"too large":            {big, nil, 413, -32000},
		"too large in chunks":  {big, func(r *http.Request) { r.ContentLength = -1 }, 413, -32000},
		"compressed":           {ping, func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }, 415, -32000},
		"no JSON":              {`{"jsonrpc":"2.0"`, nil, 400, -32700},
		"nothing":              {"", nil, 400, -32700},
		"two messages":         {ping + ping, nil, 400, -32700},
		"a batch":              {" [" + ping + "," + ping + "]", nil, 400, -32600},
		"an escape without us": {`{"jsonrpc":"2.0","id":1,"method":"pi\xg"}`, nil, 400, -32700},
	} {
		rec := w.post(token, tt.body, func(r *http.Request) {
			if tt.change != nil {
				tt.change(r)
			}
		})
		if rec.Code != tt.status {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
			continue
		}
		if m := w.message(rec); m.Error == nil || m.Error.Code != tt.rpc || rec.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: %s", name, rec.Body)
		}
		if tt.status == 405 && rec.Header().Get("Allow") != "POST" {
			t.Errorf("%s: Allow %q", name, rec.Header().Get("Allow"))
		}
	}
	// What the SDK refuses by itself.
	for name, tt := range map[string]struct {
		body   string
		change func(*http.Request)
		status int
	}{
		"another type":        {ping, func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, 415},
		"no stream accepted":  {ping, func(r *http.Request) { r.Header.Set("Accept", "application/json") }, 400},
		"an unheard protocol": {ping, func(r *http.Request) { r.Header.Set("Mcp-Protocol-Version", "1999-01-01") }, 400},
		"no JSON-RPC":         {`{"id":1,"method":"ping"}`, nil, 400},
		"no message":          {`"ping"`, nil, 400},
	} {
		rec := w.post(token, tt.body, func(r *http.Request) {
			if tt.change != nil {
				tt.change(r)
			}
		})
		if rec.Code != tt.status {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
	}
	if w.desk.calls != 0 {
		t.Errorf("%d things were done", w.desk.calls)
	}
}

// TestNothingIsHeldOpen holds that no request waits for what never comes: a subscription of the newest MCP is refused.
func TestNothingIsHeldOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const protocol = "2026-07-28"
	body := fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":%q,`+
		`"io.modelcontextprotocol/clientInfo":{"name":"x","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}},"notifications":{"toolsListChanged":true}}}`, protocol)
	done := make(chan *httptest.ResponseRecorder, 1)
	go func() {
		done <- w.post(token, body, func(r *http.Request) {
			r.Header.Set("Mcp-Protocol-Version", protocol)
			r.Header.Set("Mcp-Method", "subscriptions/listen")
		})
	}()
	select {
	case rec := <-done:
		if !strings.Contains(rec.Body.String(), "-32601") {
			t.Errorf("%d %s", rec.Code, rec.Body)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the subscription is held open")
	}
}

func TestProtectedResourceMetadata(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		public, host string
		servers      []string
		want         map[string]any
	}{
		{publicURL, "shop.example", nil, map[string]any{"resource": publicURL + "/mcp"}},
		{publicURL, "stranger.example", []string{"https://login.example"}, map[string]any{"resource": publicURL + "/mcp", "authorization_servers": []any{"https://login.example"}}},
		{publicURL, "MAIN.example", nil, map[string]any{"resource": "https://main.example/mcp"}},
		{"", "127.0.0.1:8080", nil, map[string]any{"resource": "http://127.0.0.1:8080/mcp"}},
	} {
		w := newWorld(t, func(o *mcpapi.Options) { o.PublicURL, o.AuthorizationServers = tt.public, tt.servers })
		tt.want["bearer_methods_supported"], tt.want["resource_name"] = []any{"header"}, "Agentic checkout"
		for _, path := range []string{"/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"} {
			r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
			r.Host = tt.host
			rec := w.send(r)
			var got map[string]any
			if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil || rec.Code != http.StatusOK {
				t.Fatalf("%s: %d %s", path, rec.Code, rec.Body)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s at %s (-want +got):\n%s", path, tt.host, diff)
			}
			if rec.Header().Get("Access-Control-Allow-Origin") != "*" || rec.Header().Get("Content-Type") != "application/json" {
				t.Errorf("%s: %v", path, rec.Header())
			}
		}
	}
	w := newWorld(t, func(o *mcpapi.Options) { o.PublicURL = "" })
	for method, want := range map[string]int{http.MethodOptions: 204, http.MethodPost: 405, http.MethodHead: 200} {
		r := httptest.NewRequest(method, "/.well-known/oauth-protected-resource", http.NoBody)
		if rec := w.send(r); rec.Code != want {
			t.Errorf("%s: %d", method, rec.Code)
		}
	}
	// A host that would end the quoted address is not written anywhere.
	r := httptest.NewRequest(http.MethodPost, "/mcp", unread{t})
	r.Host = `x", error="none`
	if got := w.send(r).Header().Get("WWW-Authenticate"); got != "Bearer" {
		t.Errorf("WWW-Authenticate %q", got)
	}
}

// TestLogLine holds that a call over MCP has the line in the log that a REST call has, and nothing of what was sent.
func TestLogLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tool(call{operation: acp.Create, payload: create, key: "a-secret-key"})
	w.tool(call{operation: acp.Create, payload: create, version: "none"})
	w.post("nobody-at-all", ping)
	lines := strings.Split(strings.TrimSpace(w.log.String()), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines: %s", len(lines), w.log)
	}
	for i, want := range []map[string]any{
		{"route": "/mcp", "status": 200., "agent": "agent", "shop": "main", "api_version": newest},
		{"route": "/mcp", "status": 200., "agent": "agent", "fault": "missing_version"},
		{"route": "/mcp", "status": 401., "fault": "unauthenticated"},
	} {
		var got map[string]any
		if err := json.Unmarshal([]byte(lines[i]), &got); err != nil {
			t.Fatal(err)
		}
		for name, value := range want {
			if got[name] != value {
				t.Errorf("line %d: %s is %v, want %v", i, name, got[name], value)
			}
		}
	}
	for _, secret := range []string{token, "a-secret-key", "nobody-at-all", "cup"} {
		if bytes.Contains(w.log.Bytes(), []byte(secret)) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

// TestNobodyWaitsForTheGone holds that an agent that goes away leaves nothing behind once its call is over.
func TestNobodyWaitsForTheGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.desk.hold = make(chan struct{})
	server := w.serve()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+"/mcp", strings.NewReader(call{operation: acp.Create, payload: create, key: "k"}.envelope()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	gone := make(chan error, 1)
	go func() {
		response, err := server.Client().Do(r)
		if err == nil {
			err = response.Body.Close()
		}
		gone <- err
	}()
	time.Sleep(50 * time.Millisecond) // the call is on its way, or will find its agent gone: both must end
	cancel()
	if err := <-gone; err == nil {
		t.Error("the agent did not go away")
	}
	close(w.desk.hold)
	// The test ends with goleak, and with a database that closes.
}
