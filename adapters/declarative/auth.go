package declarative

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/postern-gateway/postern/adapters/shopclient"
	"github.com/postern-gateway/postern/gateway/commerce"
)

// loginSkew is how long before its end a token is no longer used.
const loginSkew = 30 * time.Second

// auth is how calls prove who makes them: fixed headers, headers that follow the shop's session, or a token from a login.
type auth struct {
	fixed   map[string]string // header → secret value
	headers []named
	login   *login
	header  string // of the login's token
	prefix  string
}

// apply sets the headers and returns the login's token that it used, for [login.forget].
func (a *auth) apply(ctx context.Context, s *shop, h http.Header) (string, error) {
	for name, value := range a.fixed {
		h.Set(name, value)
	}
	if a.login == nil {
		return "", nil
	}
	token, err := a.login.get(ctx, s)
	if err != nil {
		return "", err
	}
	h.Set(a.header, a.prefix+token)
	return token, nil
}

// login is a call that yields a token. The token is kept until it ends; it is the only thing that an adapter remembers, and losing it
// costs one more login.
type login struct {
	path     *template
	body     map[string]string
	token    *expression
	expires  *expression
	lifetime time.Duration

	mu      sync.Mutex
	current string
	ends    time.Time
}

// get is a token that is still good. Callers wait for one another, so that a shop sees one login at a time.
func (l *login) get(ctx context.Context, s *shop) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := s.clock.Now()
	if l.current != "" && now.Before(l.ends) {
		return l.current, nil
	}
	token, life, err := l.fetch(ctx, s)
	if err != nil {
		return "", err
	}
	l.current, l.ends = token, now.Add(life-min(loginSkew, life/2))
	return token, nil
}

// forget drops a token that the shop refused, unless a newer one has come meanwhile.
func (l *login) forget(token string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current == token {
		l.current = ""
	}
}

func (l *login) fetch(ctx context.Context, s *shop) (string, time.Duration, error) {
	sc := &scope{values: s.values, keep: map[string]any{}, faults: []any{}}
	path, err := l.path.fill(ctx, map[string]any{}, sc)
	if err != nil {
		return "", 0, err
	}
	u, ok := s.address(path, nil)
	if !ok {
		return "", 0, errors.New("log in: the path leads to a host that is not listed under hosts")
	}
	body, err := json.Marshal(l.body)
	if err != nil {
		return "", 0, errors.New("log in: the body cannot be written as JSON")
	}
	req := shopclient.Request{Method: http.MethodPost, URL: u, Template: l.path.text, Body: body}
	resp, err := s.client.Do(ctx, req)
	if err != nil {
		return "", 0, err
	}
	if !resp.OK() {
		if f := resp.Fault(); f.Kind != commerce.Unexplained {
			return "", 0, f
		}
		return "", 0, commerce.Faultf(commerce.Unauthorized, "log in: POST %s answered %d; check the credentials", l.path.text, resp.Status)
	}
	answer := answerValue(resp)
	v, err := l.token.eval(ctx, answer, sc)
	if err != nil {
		return "", 0, err
	}
	token, _ := v.(string)
	if token == "" || strings.ContainsAny(token, "\r\n") {
		return "", 0, commerce.Faultf(commerce.Unauthorized, "log in: the answer of POST %s holds no token", l.path.text)
	}
	return token, l.life(ctx, answer, sc), nil
}

// life is what the shop says, or the declared lifetime.
func (l *login) life(ctx context.Context, answer any, sc *scope) time.Duration {
	if l.expires == nil {
		return l.lifetime
	}
	v, err := l.expires.eval(ctx, answer, sc)
	if n, ok := wholeNumber(v); err == nil && ok && n > 0 && n < int64(365*24*time.Hour/time.Second) {
		return time.Duration(n) * time.Second
	}
	return l.lifetime
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}
