package store

import "time"

// Cart is a saved cart, from before there is a checkout session. Body is the whole cart.
type Cart struct {
	ID, Agent, Shop string
	// Ended says that it was canceled or has expired: it answers nobody any more, and is kept only until the shop has its cart back.
	Ended   bool
	Version int64 // counts from 1; set by the store
	// DueAt is when somebody should look at it: at its expiry, and once it has ended, to give the shop's cart back.
	DueAt     time.Time
	UpdatedAt time.Time
	Body      []byte
	Damaged   error // why Body cannot be unsealed; set by DueCarts only, ignored by writes
}

// CartWrite inserts a cart (Expect 0) or replaces the one in version Expect. ID, Agent and Shop never change.
type CartWrite struct {
	Cart   Cart
	Expect int64
	// Forget deletes the cart in version Expect instead. Nothing but ID, Agent and Shop of Cart is looked at.
	Forget bool
}
