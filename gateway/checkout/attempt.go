package checkout

import (
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment"
)

// attempt is what one try of complete must remember: what was frozen before money moved, and how far it has come. It is the body of
// a saga row; the payment token stands beside it, so that it can be wiped. Fields may be added; a renamed one strands running sagas.
type attempt struct {
	// Frozen with the intent.
	Total     commerce.Money
	Terms     payment.Terms
	Shop      string              // the identity of the shop; empty where none was declared
	TokenHash [sha256.Size]byte   // of the token, or of the saved card
	Saved     *commerce.SavedCard `json:",omitempty"` // what is charged in place of a token
	Cart      commerce.Cart
	Quote     commerce.Quote
	CartRef   string
	Free      bool // a total of zero, placed without payment
	// Authentication is the proof that goes to the processor with the hold; it is forgotten once the hold was answered. Pending is what the
	// session waited for before the attempt took a result for it.
	Authentication *commerce.AuthenticationResult  `json:",omitempty"`
	Pending        *commerce.PendingAuthentication `json:",omitempty"`
	// Consents are what the buyer answered about marketing.
	Consents []consent `json:",omitempty"`

	// Progress.
	IntentID     string
	Taken        bool // the money is captured already
	OrderRef     string
	Placed       *commerce.Snapshot
	SentAt       time.Time                 // when the hold was first asked for; what the key's life counts from
	DoubtAt      time.Time                 // when the list was first asked for a hold that the key cannot tell of
	KeyVersion   int                       // counts the keys of the present step, after a stored failure
	Tries        int                       // of the present step
	Refusals     int                       // of the present step, the definite ones
	Refused      bool                      // the shop refused to place, after a call whose outcome is open
	Exists       bool                      // the shop says that there is an order of this cart
	Doubted      bool                      // a call to place had an open outcome: its order may appear at any time
	Undone       bool                      // no order of the attempt may stand
	Rebuild      bool                      // the cart met a write of unknown outcome and is never used again
	Reason       *reason                   // why the attempt is being undone
	Sweep        int                       // how many searches for a second order were made
	RefundID     string                    // of the refund of the whole total, once the processor has taken it
	RefundTold   commerce.AdjustmentStatus // what the agent was told of it last
	NoteTries    int                       // of noting the refund in the shop
	ConsentsTold int                       // how many of the consents the shop was told
}

// reason is why an attempt is undone and what the agent is told.
type reason struct {
	Message commerce.Message
	// Declined says that another token may be tried at once.
	Declined bool
	// Quiet says that there is nothing to tell: the attempt came to nothing and the agent should send complete again.
	Quiet bool
	// Demands says that the processor would not go on without an authentication of the card holder.
	Demands bool
	// Quote is the shop's new price, when that is the reason.
	Quote *commerce.Quote
	// Note is for the history.
	Note string
}

func declineReason(text, note string) *reason {
	return &reason{Message: declined(text), Declined: true, Note: note}
}

// key names an outside write of an attempt. It never rests on the token or on the agent's key: a second token for the same checkout
// must not meet a second charge.
func key(sessionID, what string, n, version int) string {
	if version == 0 {
		return fmt.Sprintf("acp:%s:%s:%d", sessionID, what, n)
	}
	return fmt.Sprintf("acp:%s:%s:%d:%d", sessionID, what, n, version)
}

func hashToken(token string) [sha256.Size]byte { return sha256.Sum256([]byte(token)) }

// purchase is what was bought, for the order that the agent is told of.
func (a attempt) purchase(sessionID string, s commerce.Snapshot, permalink string, at time.Time) commerce.Purchase {
	p := commerce.Purchase{
		SessionID: sessionID, OrderID: s.Number, Number: s.Number, Permalink: permalink, Currency: a.Total.Currency,
		Lines: a.Quote.Lines, Totals: a.Quote.Totals, Choices: a.Quote.Choices, ShipTo: a.Cart.ShipTo, Notes: a.Cart.Notes, PlacedAt: at,
	}
	for _, c := range a.Quote.Choices {
		for _, o := range a.Quote.Options {
			if o.ID == c.OptionID {
				p.Options = append(p.Options, o)
			}
		}
	}
	return p
}
