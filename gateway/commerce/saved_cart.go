package commerce

import "time"

// SavedCart is an ACP cart (from 2026-04-17): a price for lines, before there is a checkout session. It holds no payment and no
// delivery. What is asked of the shop is its Cart.
type SavedCart struct {
	ID          string
	Agent       string // who owns it; anybody else finds nothing
	Shop        string
	Cart        Cart
	Quote       Quote
	Messages    []Message
	ContinueURL string
	Canceled    bool // it answers 404 from now on
	CreatedAt   time.Time
	ExpiresAt   time.Time
}

// CartRequest makes a cart or replaces what is in it.
type CartRequest struct {
	Lines  []CartLine // ids are given later
	Buyer  *Buyer
	Locale string
}
