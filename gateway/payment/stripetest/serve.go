package stripetest

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/postern-gateway/postern/gateway/clock"
)

// maxBody is far above any call of the gateway.
const maxBody = 1 << 20

// call is one checked request on its way to an operation. The server's lock is held while it acts.
type call struct {
	account   *account
	args      args
	id        string
	now       time.Time
	shape     Shape
	version   string
	key       string
	requestID string
	outcome   outcome
}

// route is one call of the API.
type route struct {
	op      Op
	pattern string
	// preview calls exist in preview versions only.
	preview bool
	spec    func(Shape) spec
	act     func(*Server, *call) (any, *apiError)
}

func routes() []route {
	list := func(extra spec) func(Shape) spec { return func(Shape) spec { return listParams(extra) } }
	changes := func(s spec) func(Shape) spec { return func(Shape) spec { return s } }
	capture := spec{"amount_to_capture": {kind: kindInteger}, "expand": {kind: kindList}, "metadata": {kind: kindMap}}
	cancel := spec{
		"cancellation_reason": {oneOf: []string{"abandoned", "duplicate", "fraudulent", "requested_by_customer"}},
		"expand":              {kind: kindList},
	}
	const tokens = "/v1/shared_payment/"
	const helpers = "/v1/test_helpers/shared_payment/granted_tokens"
	return []route{
		{op: OpCreate, pattern: "POST /v1/payment_intents", spec: createSpec, act: createIntent},
		{op: OpList, pattern: "GET /v1/payment_intents", spec: list(nil), act: listIntents},
		{op: OpRetrieve, pattern: "GET /v1/payment_intents/{id}", spec: expandOnly, act: retrieveIntent},
		{op: OpConfirm, pattern: "POST /v1/payment_intents/{id}/confirm", spec: confirmSpec, act: confirmIntent},
		{op: OpCapture, pattern: "POST /v1/payment_intents/{id}/capture", spec: changes(capture), act: captureIntent},
		{op: OpCancel, pattern: "POST /v1/payment_intents/{id}/cancel", spec: changes(cancel), act: cancelIntent},
		{op: OpRefund, pattern: "POST /v1/refunds", spec: refundSpec, act: createRefund},
		{op: OpRefundList, pattern: "GET /v1/refunds", spec: list(spec{"payment_intent": {}, "charge": {}}), act: listRefunds},
		{op: OpRefundRetrieve, pattern: "GET /v1/refunds/{id}", spec: expandOnly, act: retrieveRefund},
		{op: OpEventList, pattern: "GET /v1/events", spec: list(spec{"type": {}}), act: listEvents},
		{op: OpAccount, pattern: "GET /v1/account", spec: expandOnly, act: retrieveAccount},
		{op: OpSavedMethods, pattern: "GET /v1/customers/{id}/payment_methods", spec: changes(customerMethodsSpec()), act: listCustomerMethods},
		{op: OpBalance, pattern: "GET /v1/balance", spec: expandOnly, act: retrieveBalance},
		{op: OpGranted, pattern: "GET " + tokens + "granted_tokens/{id}", preview: true, spec: expandOnly, act: retrieveGranted},
		{op: OpMint, pattern: "POST " + helpers, preview: true, spec: mintSpec, act: mintToken},
		{op: OpRevokeGranted, pattern: "POST " + helpers + "/{id}/revoke", preview: true, spec: expandOnly, act: revokeGranted},
		{op: OpIssue, pattern: "POST " + tokens + "issued_tokens", preview: true, spec: issueSpec, act: issueToken},
		{op: OpIssued, pattern: "GET " + tokens + "issued_tokens/{id}", preview: true, spec: expandOnly, act: retrieveIssued},
		{op: OpRevokeIssued, pattern: "POST " + tokens + "issued_tokens/{id}/revoke", preview: true, spec: expandOnly, act: revokeIssued},
	}
}

// handler joins the calls, the control endpoint and the refusal of everything else.
func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	for _, rt := range routes() {
		mux.HandleFunc(rt.pattern, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, rt) })
	}
	s.control(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		write(w, answer{status: http.StatusNotFound, body: encode(errorBody{unrecognized(r.Method, r.URL.Path)})})
	})
	return mux
}

// answer is what goes back to the client.
type answer struct {
	status   int
	body     []byte
	key      string
	id       string
	version  string
	original string // the request that first used the key, on a replay
}

// serve takes one request through Stripe's steps: limiter, credentials, parameters, idempotency, execution, answer.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, rt route) {
	form, formErr := readForm(w, r)
	c := &call{
		id: r.PathValue("id"), version: r.Header.Get("Stripe-Version"), key: r.Header.Get("Idempotency-Key"),
		requestID: s.newID("req_"),
	}
	if r.Method != http.MethodPost {
		c.key = ""
	}
	s.mu.Lock()
	c.now = s.clock.Now()
	seen := s.record(Request{
		Op: rt.op, Method: r.Method, Path: r.URL.Path, Key: c.key, Version: c.version, Form: form, Header: redacted(r.Header), At: c.now,
	})
	s.sweep(c.now)
	if _, cut := s.strike(rt.op, CutRequest); cut {
		s.mu.Unlock()
		hangUp(w)
		return
	}
	out, failure := s.admit(r, rt, c, formErr)
	if failure == nil {
		out, failure = s.idempotent(r, rt, c, form)
	}
	seen.Replayed = out.original != ""
	if failure != nil {
		out = answer{status: failure.status, body: encode(errorBody{failure})}
	}
	out.key, out.id, out.version = c.key, c.requestID, c.version
	seen.Status = out.status
	late, isLate := s.strike(rt.op, LateReply)
	_, cut := s.strike(rt.op, CutReply)
	garble, garbled := s.strike(rt.op, Garble)
	s.mu.Unlock()
	s.post.wake()

	if isLate && s.wait(late.delay()) != nil || cut {
		hangUp(w)
		return
	}
	if garbled {
		out.status, out.body = max(garble.Status, http.StatusOK), []byte("<html><body>upstream went away</body></html>")
	}
	write(w, out)
}

// admit runs what Stripe decides before it looks at a key. The caller holds the lock.
func (s *Server) admit(r *http.Request, rt route, c *call, formErr error) (answer, *apiError) {
	if _, ok := s.strike(rt.op, Unavailable); ok {
		return answer{}, unavailable()
	}
	if _, ok := s.strike(rt.op, RateLimit); ok {
		return answer{}, rateLimited()
	}
	secret := credentials(r)
	if secret == "" {
		return answer{}, unauthorized("You did not provide an API key.")
	}
	if !strings.HasPrefix(secret, "sk_test_") && !strings.HasPrefix(secret, "rk_test_") {
		return answer{}, unauthorized("Invalid API Key provided: this server takes test keys only.")
	}
	if c.account = s.byKey(secret); c.account == nil {
		return answer{}, unauthorized("Invalid API Key provided.")
	}
	if connected := r.Header.Get("Stripe-Account"); connected != "" {
		e := invalidRequest("account_invalid", "The provided key does not have access to account '"+connected+"'.")
		e.status = http.StatusForbidden
		return answer{}, e
	}
	if c.version != "" && !versionPattern.MatchString(c.version) {
		return answer{}, invalidRequest("", "Invalid Stripe API version: "+c.version)
	}
	c.shape = shapeOf(c.version)
	if s.shape != ShapeByVersion && c.shape != ShapeNone {
		c.shape = s.shape
	}
	if rt.preview && c.shape == ShapeNone {
		return answer{}, unrecognized(r.Method, r.URL.Path)
	}
	if formErr != nil {
		return answer{}, invalidRequest("", "Invalid request body: "+formErr.Error())
	}
	if len(c.key) > 255 {
		return answer{}, invalidRequest("", "Idempotency keys can be at most 255 characters long.")
	}
	return answer{}, nil
}

// perform checks the parameters and acts. A refusal of the parameters is not stored. The caller holds the lock.
func (s *Server) perform(rt route, c *call, form url.Values) (out answer, store bool) {
	known, err := rt.spec(c.shape).check(form)
	if err != nil {
		return answer{status: err.status, body: encode(errorBody{err})}, false
	}
	c.args = known
	if f, ok := s.strike(rt.op, Refuse); ok {
		e := f.refusal()
		return answer{status: e.status, body: encode(errorBody{e})}, true
	}
	broken, breaks := s.strike(rt.op, ServerError)
	if breaks && !broken.Acts {
		return failed(internalError()), true
	}
	c.outcome = s.force(rt.op)
	body, err := rt.act(s, c)
	if breaks {
		return failed(internalError()), true
	}
	if err != nil {
		return failed(err), true
	}
	return answer{status: http.StatusOK, body: encode(body)}, true
}

func failed(e *apiError) answer { return answer{status: e.status, body: encode(errorBody{e})} }

// wait passes real time, even when the server's clock stands still: latency belongs to the network.
func (s *Server) wait(d time.Duration) error { return clock.System().Sleep(s.life, d) }

// readForm reads the parameters of a body or a query. Only the form encoding is accepted, as at Stripe.
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if r.Method != http.MethodPost {
		return url.ParseQuery(r.URL.RawQuery)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, errors.New("the body cannot be read")
	}
	if len(body) > 0 && !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return nil, errors.New("the content type must be application/x-www-form-urlencoded")
	}
	return url.ParseQuery(string(body))
}

// credentials reads the key from Bearer or from Basic's user name.
func credentials(r *http.Request) string {
	if user, _, ok := r.BasicAuth(); ok {
		return user
	}
	key, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return key
}

// redacted keeps the request log free of keys.
func redacted(h http.Header) http.Header {
	out := h.Clone()
	out.Del("Authorization")
	return out
}

func write(w http.ResponseWriter, a answer) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	setIf(h, "Request-Id", a.id)
	setIf(h, "Stripe-Version", a.version)
	setIf(h, "Idempotency-Key", a.key)
	if a.original != "" {
		h.Set("Idempotent-Replayed", "true")
		h.Set("Original-Request", a.original)
	}
	w.WriteHeader(a.status)
	// A client that went away is not our concern.
	_, _ = w.Write(a.body)
}

func setIf(h http.Header, name, value string) {
	if value != "" {
		h.Set(name, value)
	}
}

// hangUp closes the connection without an answer.
func hangUp(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	_ = conn.Close() // Nobody is left to tell.
}

// encode writes JSON. The structures of wire.go always can be written.
func encode(v any) []byte {
	body, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return []byte(`{"error":{"type":"api_error","message":"the stripe of tests could not write its answer"}}`)
	}
	return append(body, '\n')
}
