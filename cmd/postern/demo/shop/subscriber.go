package shop

import (
	"net/http"
	"slices"
)

// Subscriber is somebody's answer whether he wants to hear of the shop.
type Subscriber struct {
	// Channel is mail, text or chat.
	Channel string `json:"channel"`
	Address string `json:"address"`
	// OptIn is "Y" or "N".
	OptIn string `json:"opt_in"`
	// Order is the number of the order at which he was asked, Asked the text that he was shown.
	Order string `json:"order"`
	Asked string `json:"asked"`
	At    string `json:"at"`
	// Changes counts the answers that changed anything.
	Changes int `json:"changes"`
}

// setSubscriber writes an answer down. There is one for each channel and
// address; the same answer twice is one, another answer replaces it.
func (s *Shop) setSubscriber(c call) answer {
	var in Subscriber
	if !decode(c, &in) {
		return unreadable()
	}
	if !slices.Contains([]string{"mail", "text", "chat"}, in.Channel) || in.Address == "" || in.OptIn != "Y" && in.OptIn != "N" {
		return refuse(http.StatusUnprocessableEntity, refusal{Code: "SUBSCRIBER", Message: "channel, address or opt_in is not usable", Field: "channel"})
	}
	if _, ok := s.find(in.Order); !ok {
		return refuse(http.StatusUnprocessableEntity, refusal{Code: "SUBSCRIBER", Message: "no such order", Field: "order"})
	}
	in.At = s.stamp()
	at := slices.IndexFunc(s.heard, func(o Subscriber) bool { return o.Channel == in.Channel && o.Address == in.Address })
	switch {
	case at < 0:
		in.Changes = 1
		s.heard = append(s.heard, in)
	case s.heard[at].OptIn != in.OptIn:
		in.Changes = s.heard[at].Changes + 1
		s.heard[at] = in
	}
	return reply(http.StatusOK, struct {
		Status string `json:"status"`
	}{"OK"})
}

// Subscribers lists everybody's answers, oldest first.
func (s *Shop) Subscribers() []Subscriber {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Subscriber{}, s.heard...)
}
