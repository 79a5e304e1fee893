package flat

import (
	"strings"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/write"
)

// Buyer is who buys; these dates require both names and the e-mail address.
type Buyer struct {
	FirstName   string `json:"first_name"`
	LastName    string `json:"last_name"`
	Email       string `json:"email"`
	PhoneNumber string `json:"phone_number,omitzero"`
}

// BuyerOf shows a buyer only whole: one without any name or without an e-mail
// address is left out, and a single name stands as the first.
func BuyerOf(b *commerce.Buyer) *Buyer {
	if b == nil || write.Email(b.Email) == "" || b.Name() == "" {
		return nil
	}
	out := Buyer{FirstName: b.FirstName, LastName: b.LastName, Email: b.Email, PhoneNumber: b.Phone}
	if out.FirstName == "" || out.LastName == "" {
		out.FirstName, out.LastName = splitName(b.Name())
	}
	return &out
}

// splitName takes the last word as the last name. It is a guess that only
// these dates ask for; shops get the name as it was sent.
func splitName(full string) (first, last string) {
	words := strings.Fields(full)
	if len(words) < 2 {
		return strings.TrimSpace(full), ""
	}
	return strings.Join(words[:len(words)-1], " "), words[len(words)-1]
}
