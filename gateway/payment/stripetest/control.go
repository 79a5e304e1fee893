package stripetest

import (
	"encoding/json"
	"net/http"
)

// Paths of the control endpoint, which lets another process order faults and read the ledger. It takes the seller's key as Bearer.
const (
	// ControlFaults takes POST with a JSON array of [Fault] to arm them, and DELETE to clear all.
	ControlFaults = "/_control/faults"
	// ControlLedger answers GET with the [Ledger].
	ControlLedger = "/_control/ledger"
	// ControlFinish takes POST with {"intent":…,"ok":true}: [Server.Finish].
	ControlFinish = "/_control/finish"
	// ControlExpire takes POST with {"intent":…}: [Server.ExpireHold].
	ControlExpire = "/_control/expire"
	// ControlSettle takes POST with {"refund":…,"status":"succeeded"}: [Server.SettleRefund].
	ControlSettle = "/_control/settle"
)

// control adds the endpoint.
func (s *Server) control(mux *http.ServeMux) {
	mux.HandleFunc("POST "+ControlFaults, func(w http.ResponseWriter, r *http.Request) {
		var faults []Fault
		s.controlled(w, r, &faults, func() error { return s.Arm(faults...) })
	})
	mux.HandleFunc("DELETE "+ControlFaults, func(w http.ResponseWriter, r *http.Request) {
		s.controlled(w, r, nil, func() error { s.Disarm(); return nil })
	})
	mux.HandleFunc("GET "+ControlLedger, func(w http.ResponseWriter, r *http.Request) {
		if s.mayControl(w, r) {
			write(w, answer{status: http.StatusOK, body: encode(s.Ledger())})
		}
	})
	type order struct {
		Intent string `json:"intent"`
		OK     bool   `json:"ok"`
	}
	mux.HandleFunc("POST "+ControlFinish, func(w http.ResponseWriter, r *http.Request) {
		var o order
		s.controlled(w, r, &o, func() error { return s.Finish(o.Intent, o.OK) })
	})
	mux.HandleFunc("POST "+ControlExpire, func(w http.ResponseWriter, r *http.Request) {
		var o order
		s.controlled(w, r, &o, func() error { return s.ExpireHold(o.Intent) })
	})
	mux.HandleFunc("POST "+ControlSettle, func(w http.ResponseWriter, r *http.Request) {
		var o struct {
			Refund string `json:"refund"`
			Status string `json:"status"`
		}
		s.controlled(w, r, &o, func() error { return s.SettleRefund(o.Refund, o.Status) })
	})
}

// controlled reads an order and carries it out.
func (s *Server) controlled(w http.ResponseWriter, r *http.Request, into any, act func() error) {
	if !s.mayControl(w, r) {
		return
	}
	if into != nil {
		d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
		d.DisallowUnknownFields()
		if err := d.Decode(into); err != nil {
			write(w, failed(invalidRequest("", "Invalid order: "+err.Error())))
			return
		}
	}
	if err := act(); err != nil {
		write(w, failed(invalidRequest("", err.Error())))
		return
	}
	write(w, answer{status: http.StatusOK, body: []byte("{}\n")})
}

// mayControl lets only the holder of the seller's key in.
func (s *Server) mayControl(w http.ResponseWriter, r *http.Request) bool {
	s.mu.Lock()
	known := s.byKey(credentials(r)) == s.accounts[0]
	s.mu.Unlock()
	if !known {
		write(w, failed(unauthorized("The control endpoint takes the seller's key.")))
	}
	return known
}
