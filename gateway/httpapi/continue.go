package httpapi

import (
	"context"
	"errors"
	"html/template"
	"net/http"
	"strconv"

	"go.opentelemetry.io/otel/trace"

	"github.com/postern-gateway/postern/gateway/acp"
	"github.com/postern-gateway/postern/gateway/handoff"
	"github.com/postern-gateway/postern/gateway/telemetry"
)

// Handoffs lets a buyer leave for the shop. Its errors are those of package handoff; any other means that it can be tried again.
type Handoffs interface {
	// Look reports whether the token is genuine and in time. It changes nothing.
	Look(ctx context.Context, token string) error
	// Follow uses the token, once, and returns where the buyer goes on. A second call fails with handoff.ErrGone.
	Follow(ctx context.Context, token string) (address string, err error)
}

const continueRoute = handoff.Path + "{token}"

// page is what a buyer sees: one heading, one sentence and at most one button.
type page struct {
	status       int
	Title, Text  string
	Button       string
	allow, moved string
}

// The pages. None tells what was bought, by whom or where: whoever holds the address may be anybody.
var (
	pageContinue = page{
		status: http.StatusOK, Title: "Continue in the shop", Button: "Continue in the shop",
		Text: "You are leaving your assistant. Your cart is waiting in the shop, where you can finish the purchase yourself. This works once.",
	}
	pageGone = page{
		status: http.StatusGone, Title: "This address is used up",
		Text: "It was used before, or it is too old. Ask your assistant for a new one.",
	}
	pageUnknown = page{status: http.StatusNotFound, Title: "Nothing here", Text: "There is nothing at this address."}
	pageBusy    = page{
		status: http.StatusConflict, Title: "The purchase is under way", Button: "Try again",
		Text: "Your assistant is completing this purchase right now. Do not buy it again; look at it again in a minute.",
	}
	pageLater = page{
		status: http.StatusServiceUnavailable, Title: "Try again in a moment", Button: "Try again",
		Text: "The shop could not be reached. Nothing was changed.",
	}
	pageMethod = page{
		status: http.StatusMethodNotAllowed, Title: "Nothing here", Text: "There is nothing at this address.", allow: "GET, HEAD, POST",
	}
)

// handoffPage needs neither scripts nor styles, and is read aloud as it stands. The form goes to the address of the page itself.
var handoffPage = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{{.Title}}</title></head>
<body><main><h1>{{.Title}}</h1><p>{{.Text}}</p>{{if .Button}}<form method="post"><button type="submit">{{.Button}}</button></form>{{end}}</main></body>
</html>
`))

// handoffPolicy lets a page load nothing, be framed by nobody, and send its form here. Browsers hold a form's redirects to the same
// rule, so that it names where shops are: on https, or, in tests, on loopback.
const handoffPolicy = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; " +
	"form-action 'self' https: http://127.0.0.1:* http://localhost:*"

// handOff serves the pages of a hand-off. GET and HEAD show and change nothing, because link previews and agents fetch addresses by
// themselves; POST is the buyer's press of the button. The address that a buyer is sent to comes from the shop's adapter and from nowhere
// else: nothing of the request goes into it. The token never reaches a log or a span.
func (h *handler) handOff(handoffs Handoffs) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := h.clock.Now()
		p := h.handOffPage(r, handoffs)
		x := &exchange{id: requestID(r.Header)}
		p.write(w, r, x)
		if span := trace.SpanFromContext(r.Context()); span.IsRecording() {
			span.SetAttributes(telemetry.AttrHTTPRoute.String(continueRoute))
		}
		h.record(r, continueRoute, x, acp.Response{Status: p.status}, h.clock.Now().Sub(began))
	})
}

func (h *handler) handOffPage(r *http.Request, handoffs Handoffs) page {
	token := r.PathValue("token")
	var err error
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		if err = handoffs.Look(r.Context(), token); err == nil {
			return pageContinue
		}
	case http.MethodPost:
		var address string
		if address, err = handoffs.Follow(r.Context(), token); err == nil {
			return page{status: http.StatusSeeOther, Title: pageContinue.Title, Text: "The shop opens.", moved: address}
		}
	default:
		return pageMethod
	}
	switch {
	case errors.Is(err, handoff.ErrForged):
		return pageUnknown
	case errors.Is(err, handoff.ErrExpired), errors.Is(err, handoff.ErrGone):
		return pageGone
	case errors.Is(err, handoff.ErrBusy):
		return pageBusy
	default:
		h.log.WarnContext(r.Context(), "a hand-off failed", "error", err)
		return pageLater
	}
}

func (p page) write(w http.ResponseWriter, r *http.Request, x *exchange) {
	header := w.Header()
	for name, value := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": handoffPolicy, "Referrer-Policy": "no-referrer",
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "X-Robots-Tag": "noindex, nofollow",
		headerRequestID: x.id,
	} {
		header.Set(name, value)
	}
	if p.allow != "" {
		header.Set("Allow", p.allow)
	}
	if p.moved != "" {
		header.Set("Location", p.moved)
	}
	if p.status == http.StatusServiceUnavailable || p.status == http.StatusConflict {
		header.Set("Retry-After", strconv.Itoa(5))
	}
	w.WriteHeader(p.status)
	if r.Method != http.MethodHead {
		_ = handoffPage.Execute(w, p) // a failed write is the reader's loss only
	}
}
