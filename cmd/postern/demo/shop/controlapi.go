package shop

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
)

// move is the body of every control call; each reads what it needs.
type move struct {
	SKU      string `json:"sku"`
	Price    string `json:"price"`
	Stock    int    `json:"stock"`
	Carrier  string `json:"carrier"`
	Tracking string `json:"tracking_no"`
	Amount   string `json:"amount"`
	Reason   string `json:"reason"`
	Quantity int    `json:"qty"`
}

// faultBody is a Fault on the wire, with its delay in milliseconds.
type faultBody struct {
	Fault

	DelayMillis int64 `json:"delay_ms,omitempty"`
}

// stateView is what GET /_control/state tells.
type stateView struct {
	Orders int `json:"orders"`
	Live   int `json:"live"`
	// Duplicates counts the live orders beyond the first under one reference.
	Duplicates int                 `json:"duplicates"`
	Stock      map[string]int      `json:"stock"`
	Held       map[string]int      `json:"held"`
	Calls      map[Operation]Calls `json:"calls"`
	Faults     []faultBody         `json:"faults"`
}

// controlRoutes lets another process do what the Go methods do.
func (s *Shop) controlRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_control/state", func(w http.ResponseWriter, _ *http.Request) { reply(200, s.state()).write(w) })
	mux.HandleFunc("GET /_control/orders", func(w http.ResponseWriter, r *http.Request) {
		list := s.Orders()
		if r.URL.Query().Has("external_ref") {
			list = s.OrdersByRef(r.URL.Query().Get("external_ref"))
		}
		reply(200, struct {
			Orders []Order `json:"orders"`
		}{list}).write(w)
	})
	mux.HandleFunc("POST /_control/faults", s.controlled(func(_ *http.Request, body []byte) (string, error) {
		var in faultBody
		if err := json.Unmarshal(body, &in, json.RejectUnknownMembers(true)); err != nil {
			return "", errControlBody
		}
		in.Delay = time.Duration(in.DelayMillis) * time.Millisecond
		return "", s.Inject(in.Fault)
	}))
	mux.HandleFunc("DELETE /_control/faults", s.controlled(func(*http.Request, []byte) (string, error) {
		s.ClearFaults()
		return "", nil
	}))
	mux.HandleFunc("POST /_control/price", s.moved(func(_ *http.Request, m move) (string, error) { return "", s.SetPrice(m.SKU, m.Price) }))
	mux.HandleFunc("POST /_control/stock", s.moved(func(_ *http.Request, m move) (string, error) { return "", s.SetStock(m.SKU, m.Stock) }))
	mux.HandleFunc("POST /_control/carts/{id}/vanish", s.moved(func(r *http.Request, _ move) (string, error) {
		return "", s.VanishCart(r.PathValue("id"))
	}))
	mux.HandleFunc("POST /_control/orders/{no}/pick", s.moved(func(r *http.Request, _ move) (string, error) {
		return "", s.Pick(r.PathValue("no"))
	}))
	mux.HandleFunc("POST /_control/orders/{no}/ship", s.moved(func(r *http.Request, m move) (string, error) {
		return "", s.Ship(r.PathValue("no"), m.Carrier, m.Tracking)
	}))
	mux.HandleFunc("POST /_control/orders/{no}/ready", s.moved(func(r *http.Request, _ move) (string, error) {
		return "", s.Ready(r.PathValue("no"))
	}))
	mux.HandleFunc("POST /_control/orders/{no}/miss", s.moved(func(r *http.Request, _ move) (string, error) {
		return "", s.Miss(r.PathValue("no"))
	}))
	mux.HandleFunc("POST /_control/orders/{no}/return", s.moved(func(r *http.Request, m move) (string, error) {
		return s.Return(r.PathValue("no"), m.SKU, m.Quantity, m.Reason)
	}))
	mux.HandleFunc("POST /_control/carts/{id}/order", s.moved(func(r *http.Request, _ move) (string, error) {
		return s.OrderByHand(r.PathValue("id"), "http://"+r.Host)
	}))
	mux.HandleFunc("GET /_control/subscribers", func(w http.ResponseWriter, _ *http.Request) {
		reply(200, struct {
			Subscribers []Subscriber `json:"subscribers"`
		}{s.Subscribers()}).write(w)
	})
	mux.HandleFunc("POST /_control/orders/{no}/deliver", s.moved(func(r *http.Request, _ move) (string, error) {
		return "", s.Deliver(r.PathValue("no"))
	}))
	mux.HandleFunc("POST /_control/orders/{no}/cancel", s.moved(func(r *http.Request, _ move) (string, error) {
		return "", s.CancelOrder(r.PathValue("no"))
	}))
	mux.HandleFunc("POST /_control/orders/{no}/refund", s.moved(func(r *http.Request, m move) (string, error) {
		return s.Refund(r.PathValue("no"), m.Amount, m.Reason)
	}))
	mux.HandleFunc("POST /_control/orders/{no}/duplicate", s.moved(func(r *http.Request, _ move) (string, error) {
		return s.Duplicate(r.PathValue("no"))
	}))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { notFound().write(w) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !sameKey(s.control, r.Header.Get(HeaderControl)) {
			refuse(http.StatusUnauthorized, refusal{Code: "AUTH", Message: "control key missing or wrong"}).write(w)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

var errControlBody = errors.New("read control call: the body is not the JSON object that this call takes")

// moved is controlled for the calls whose body is a move; an empty body is an empty move.
func (s *Shop) moved(act func(*http.Request, move) (string, error)) http.HandlerFunc {
	return s.controlled(func(r *http.Request, body []byte) (string, error) {
		var m move
		if len(body) > 0 {
			if err := json.Unmarshal(body, &m, json.RejectUnknownMembers(true)); err != nil {
				return "", errControlBody
			}
		}
		return act(r, m)
	})
}

// controlled answers {"ok":true,"id":…}, or 404, 409 or 422 with the error's text.
func (s *Shop) controlled(act func(*http.Request, []byte) (string, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			refuse(http.StatusBadRequest, refusal{Code: "REQUEST", Message: "body too long"}).write(w)
			return
		}
		id, err := act(r, body)
		status := http.StatusUnprocessableEntity
		switch {
		case err == nil:
			reply(http.StatusOK, struct {
				OK bool   `json:"ok"`
				ID string `json:"id,omitempty"`
			}{true, id}).write(w)
			return
		case errors.Is(err, ErrUnknown):
			status = http.StatusNotFound
		case errors.Is(err, ErrState):
			status = http.StatusConflict
		}
		refuse(status, refusal{Code: "CONTROL", Message: err.Error()}).write(w)
	}
}

func (s *Shop) state() stateView {
	out := stateView{Stock: s.Stock(), Held: s.Held(), Calls: map[Operation]Calls{}, Faults: []faultBody{}}
	for _, op := range Operations() {
		if c := s.Calls(op); c.Arrived > 0 {
			out.Calls[op] = c
		}
	}
	for _, f := range s.Faults() {
		out.Faults = append(out.Faults, faultBody{f, f.Delay.Milliseconds()})
	}
	out.Orders = len(s.Orders())
	refs := map[string]int{}
	for _, o := range s.LiveOrders() {
		out.Live++
		if refs[o.ExternalRef]++; o.ExternalRef != "" && refs[o.ExternalRef] > 1 {
			out.Duplicates++
		}
	}
	return out
}
