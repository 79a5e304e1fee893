package shop

import (
	"bytes"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// hugeBytes is the size of a Huge answer unless the fault says otherwise.
const hugeBytes = 200 << 20

// misbehave answers one call under a fault.
func (s *Shop) misbehave(w http.ResponseWriter, r *http.Request, rt route, c call, f Fault) {
	switch f.Kind {
	case Slow:
		if s.clock.Sleep(s.life, f.Delay) == nil { //nolint:contextcheck // the shop acts to its end whatever becomes of the caller
			s.act(rt, c).write(w)
		}
	case SlowAnswer:
		a := s.act(rt, c)
		if s.clock.Sleep(s.life, f.Delay) == nil { //nolint:contextcheck // the shop acts to its end whatever becomes of the caller
			a.write(w)
		}
	case Hang:
		select {
		case <-r.Context().Done():
		case <-s.life.Done():
		}
		cut(w)
	case ErrorBefore:
		page(http.StatusInternalServerError, "500 Internal Server Error").write(w)
	case ErrorAfter:
		s.act(rt, c)
		page(http.StatusInternalServerError, "500 Internal Server Error").write(w)
	case CutBefore:
		cut(w)
	case CutAfter:
		s.act(rt, c)
		cut(w)
	case CutMiddle:
		a := s.act(rt, c)
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
		a.writeHead(w)
		_, _ = w.Write(a.body[:len(a.body)/2])
		_ = http.NewResponseController(w).Flush()
		hangUp(w)
	case Late:
		s.later(rt, c, f)
		cut(w)
	case Drip:
		s.drip(w, r, s.act(rt, c), f)
	case Huge:
		s.act(rt, c)
		huge(w, f.Bytes)
	case Off:
		a := page(http.StatusServiceUnavailable, "Closed for stock-taking")
		a.header.Set("Retry-After", "30")
		a.write(w)
	case Unauthorized:
		refuse(http.StatusUnauthorized, refusal{Code: "AUTH", Message: "shop key missing or wrong"}).write(w)
	case RateLimited:
		a := refuse(http.StatusTooManyRequests, refusal{Code: "BUSY", Message: "too many calls"})
		a.header.Set("Retry-After", "1")
		a.write(w)
	case SellOut, Reprice, Vanish:
		s.disturb(rt, c, f).write(w)
	case Twice:
		s.act(rt, c)
		s.act(rt, c).write(w)
	default:
		garble(f.Kind, s.act(rt, c)).write(w)
	}
}

// later acts after the fault's delay, whatever became of the caller.
func (s *Shop) later(rt route, c call, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.late.Go(func() {
		if s.clock.Sleep(s.life, f.Delay) == nil {
			s.act(rt, c)
		}
	})
}

// disturb changes the shop and acts in one go, as if another buyer or the
// office had been a moment faster.
func (s *Shop) disturb(rt route, c call, f Fault) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch f.Kind {
	case SellOut:
		s.items[f.SKU].Stock = 0
	case Reprice:
		if p, err := readPrice(f.Price); err == nil {
			s.items[f.SKU].price = p
		}
	default:
		if k, ok := s.carts[cartOf(c)]; ok {
			s.drop(k)
		}
	}
	return s.actLocked(rt, c)
}

// cartOf names the cart of a call: in the path, or in the body of placing.
func cartOf(c call) string {
	if id := c.path("id"); id != "" {
		return id
	}
	var in placeRequest
	decode(c, &in)
	return in.Cart
}

func (s *Shop) drip(w http.ResponseWriter, r *http.Request, a answer, f Fault) {
	a.writeHead(w)
	flush := http.NewResponseController(w).Flush
	for i := range a.body {
		if s.clock.Sleep(s.life, f.Delay) != nil || r.Context().Err() != nil { //nolint:contextcheck // both ends are watched
			cut(w)
			return
		}
		if _, err := w.Write(a.body[i : i+1]); err != nil {
			return
		}
		_ = flush()
	}
}

func huge(w http.ResponseWriter, size int64) {
	if size == 0 {
		size = hugeBytes
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	head, tail := `{"status":"OK","padding":"`, `"}`
	left := size - int64(len(head)) - int64(len(tail))
	if _, err := w.Write([]byte(head)); err != nil {
		return
	}
	chunk := bytes.Repeat([]byte("x"), 64<<10)
	for left > 0 {
		n := min(left, int64(len(chunk)))
		if _, err := w.Write(chunk[:n]); err != nil {
			return
		}
		left -= n
	}
	_, _ = w.Write([]byte(tail))
}

var moneyMember = regexp.MustCompile(`"(price|amount|grand|items|shipping)":"`)

// garble spoils a good answer.
func garble(kind Kind, a answer) answer {
	switch kind {
	case HTML:
		p := page(http.StatusOK, "Welcome to Harbor &amp; Finch")
		p.header = a.header
		return p
	case BrokenJSON:
		a.body = a.body[:len(a.body)/2]
	case DuplicateKeys:
		a.body = append(bytes.TrimSuffix(a.body, []byte("}")), `,"status":"OK"}`...)
	case WrongCurrency:
		a.body = []byte(strings.ReplaceAll(string(a.body), `"currency":"USD"`, `"currency":"EUR"`))
	case NegativePrice:
		a.body = moneyMember.ReplaceAll(a.body, []byte(`$0-`))
	default: // the other kinds leave the answer as it is
	}
	return a
}

// cut resets the caller's connection; what was not read yet is lost.
func cut(w http.ResponseWriter) { drop(w, true) }

// hangUp closes the caller's connection after what was already sent.
func hangUp(w http.ResponseWriter) { drop(w, false) }

func drop(w http.ResponseWriter, reset bool) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
