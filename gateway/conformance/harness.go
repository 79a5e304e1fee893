package conformance

import "time"

// Harness is what a seller's test environment may offer beside ACP, so that money, orders, events and time can be seen and moved. It is
// a contract over HTTP with JSON bodies; postern demo serves it, and any other test environment may. Every call carries
// "Authorization: Bearer" with the harness's key. An answer that is no 2xx holds {"message": …}. What is not offered answers 404, and
// the statements that need it are skipped with that reason.
//
//	GET    /seller                     [Seller]: what the suite must know; its offers name the calls that exist
//	POST   /payment_tokens             [Mint] → {"token"}: what an agent's platform would issue
//	GET    /payment_tokens/{token}     {"consumed": true|false}
//	GET    /sessions/{id}/charges      {"charges": [[Charge]…]} of a checkout session, declined and canceled ones too
//	GET    /sessions/{id}/orders       {"orders": [[Placed]…]} that the shop keeps for a checkout session, canceled ones too
//	GET    /sessions/{id}/records      [Records]: what was kept beside the session and is never shown to agents
//	GET    /subscriptions?email=       {"channels": {"email": true|false}}: whom the shop may write to
//	POST   /receiver                   {"url"}: events of all agents go to this receiver from now on; "" ends it
//	POST   /faults                     [Fault]: one misbehavior of the shop
//	DELETE /faults                     none any more, prices and stock as they were
//	POST   /orders/{session}/{move}    [Move]: pick, ship, deliver, refund or cancel, decided in the shop; told to the seller at once
//	POST   /clock                      {"advance_seconds"} → {"now"}: the time moves on for the seller, the shop and the payments
//	POST   /restart                    {"rotate_secrets"} → [Seller]: the seller ends in order and starts again with what it has stored
//	GET    /log?from=N                 {"lines": […], "next": N}: what the seller has logged
//
// Amounts are minor units. A harness is for test environments on loopback or behind a firewall; it hands out tokens and secrets.
type Harness struct {
	url       string
	key       string
	wire      *wire
	offers    map[string]bool
	seller    Seller
	clockSkew time.Duration // the seller's clock minus ours, when it was asked last
}

// What a harness can offer, as [Seller] names it.
const (
	OfferTokens   = "payment_tokens"
	OfferCharges  = "charges"
	OfferOrders   = "orders"
	OfferRecords  = "records"
	OfferConsents = "subscriptions"
	OfferReceiver = "receiver"
	OfferFaults   = "faults"
	OfferMoves    = "moves"
	OfferClock    = "clock"
	OfferRestart  = "restart"
	OfferLog      = "log"
)

// Seller is what the suite must know of a seller's test environment.
type Seller struct {
	// URL is the origin of the ACP endpoints. The MCP endpoint is at MCP, /mcp of the origin if that is empty.
	URL string `json:"url"`
	MCP string `json:"mcp,omitempty"`
	// Now is the seller's time.
	Now      time.Time `json:"now"`
	Currency string    `json:"currency"`
	// Items are the articles by what they are for: [ItemPlain] and so on. Absent: the shop has none.
	Items map[string]string `json:"items"`
	// Codes are the discount codes by what they are for: [CodePercent] and so on.
	Codes map[string]string `json:"codes,omitempty"`
	// Addresses are delivery addresses: "home", and "away", where tax or shipping differ.
	Addresses map[string]Address `json:"addresses,omitempty"`
	// Agents are the callers by what they are for: a date for the one whose events come in it, [AgentOther] and so on.
	Agents map[string]Agent `json:"agents"`
	// Offers name what the harness can do.
	Offers []string `json:"offers"`
}

// What the items are for.
const (
	ItemPlain     = "plain"      // in plenty, needs shipping, at least two ways to ship it
	ItemSecond    = "second"     // another such
	ItemSoldOut   = "sold_out"   // sold, and out of stock
	ItemDigital   = "digital"    // needs no address
	ItemAutomatic = "automatic"  // gets a discount without a code
	ItemApproval  = "escalation" // needs a human outside of the protocol
	ItemMarkup    = "markup"     // described in HTML by the shop
)

// What the codes are for.
const (
	CodePercent = "percent" // takes a part off ItemPlain
	CodeAmount  = "amount"  // takes an amount off, and goes together with CodePercent
	CodeExpired = "expired"
)

// What the agents are for.
const (
	AgentOther    = "other"       // a stranger to all others
	AgentLimited  = "limited"     // with limits that some dozen calls reach
	AgentSigned   = "signed"      // must sign its requests
	AgentIdentity = "identity"    // proves who its buyers are
	AgentSecure   = "secure"      // whose payments need 3-D Secure, which it performs itself
	AgentRequired = "intervening" // whose sessions need an intervention always
	AgentStrict   = "strict"      // held to its date
	AgentQuoted   = "suggested"   // whose suggested prices may be honored
)

// Address is a delivery address in the protocol's words.
type Address struct {
	Name       string `json:"name"`
	LineOne    string `json:"line_one"`
	LineTwo    string `json:"line_two,omitempty"`
	City       string `json:"city"`
	State      string `json:"state"`
	Country    string `json:"country"`
	PostalCode string `json:"postal_code"`
}

// Agent is a caller that the seller knows.
type Agent struct {
	// Token is the bearer token.
	Token string `json:"token"`
	// Secret signs the agent's events; empty: it hears of none. EventVersion is the date that they are written in.
	Secret       string `json:"webhook_secret,omitempty"`
	EventVersion string `json:"webhook_version,omitempty"`
	// SigningSecret and SigningRecipe are for requests: HMAC-SHA256 over the recipe "body" or "timestamp.body".
	SigningSecret string `json:"signing_secret,omitempty"`
	SigningRecipe string `json:"signing_recipe,omitempty"`
	// Identity is a token that proves a buyer who has a saved card; IdentityHeader is the header that carries it.
	Identity       string `json:"identity,omitempty"`
	IdentityHeader string `json:"identity_header,omitempty"`
}

// Mint asks for a payment token.
type Mint struct {
	Amount    int64  `json:"amount"` // the most that it is good for
	Currency  string `json:"currency"`
	SessionID string `json:"session_id,omitempty"`
	// ExpiresIn is in seconds; 0: an hour.
	ExpiresIn int64 `json:"expires_in,omitempty"`
	// Outcome is approve, decline or authenticate (the buyer's bank asks for 3-D Secure); empty: approve.
	Outcome string `json:"outcome,omitempty"`
}

// Charge is one payment that was tried for a session.
type Charge struct {
	ID       string `json:"id"`
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
	// Captured is what was taken, Held what is held, Refunded what went back.
	Captured int64 `json:"captured"`
	Held     int64 `json:"held"`
	Refunded int64 `json:"refunded"`
}

// Placed is an order in the shop's books.
type Placed struct {
	ID       string `json:"id"`
	Canceled bool   `json:"canceled"`
	Paid     bool   `json:"paid"` // as the shop knows
	Total    int64  `json:"total"`
}

// Records is what a session keeps and no agent is shown.
type Records struct {
	Attributions []Attribution `json:"attributions"`
	// Traces is how many intent traces are kept; Reason is the kept one's reason code.
	Traces int    `json:"traces"`
	Reason string `json:"reason,omitempty"`
}

// Attribution is one kept claim.
type Attribution struct {
	Provider   string `json:"provider"`
	Touchpoint string `json:"touchpoint"`
}

// The faults of a shop.
const (
	FaultRefuse = "refuse_order"      // the next order is refused for good, after the payment was held
	FaultLose   = "lose_order_answer" // the next order is placed, and its answer does not arrive
	FaultDown   = "down"              // the shop does not answer at all
	FaultPrice  = "price"             // Item costs Amount from now on
	FaultStock  = "sold_out"          // Item is out of stock from now on
	FaultSlow   = "slow"              // every price takes Amount milliseconds longer
)

// Fault is one misbehavior of the shop.
type Fault struct {
	Kind   string `json:"kind"`
	Item   string `json:"item,omitempty"`
	Amount int64  `json:"amount,omitempty"`
}

// Move is what the shop's staff does with an order.
type Move struct {
	// Item and Quantity ship only that many of one article; an empty Item is all that is left.
	Item     string `json:"item,omitempty"`
	Quantity int64  `json:"quantity,omitempty"`
	// Amount is given back, for refund.
	Amount int64 `json:"amount,omitempty"`
}
