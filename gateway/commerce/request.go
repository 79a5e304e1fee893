package commerce

// Change is a field of an update: the zero value leaves things as they are, [Clear] removes, [Set] replaces. Absent, null and a
// value are three different wishes.
type Change[T any] struct {
	kind  changeKind
	value T
}

type changeKind uint8

const (
	keep changeKind = iota
	cleared
	set
)

// Set is a change to v.
func Set[T any](v T) Change[T] { return Change[T]{kind: set, value: v} }

// Clear is a change to nothing.
func Clear[T any]() Change[T] { return Change[T]{kind: cleared} }

// Present reports whether the field was sent at all.
func (c Change[T]) Present() bool { return c.kind != keep }

// Value is the new value; ok is false when the field was absent or null.
func (c Change[T]) Value() (v T, ok bool) { return c.value, c.kind == set }

// CreateRequest opens a session. Prices that the agent sent are dropped while decoding.
type CreateRequest struct {
	Lines        []CartLine // ids are given later
	CartID       string     // of a saved cart whose lines are meant where Lines is empty
	Currency     Currency   // empty: the shop's
	Buyer        *Buyer
	ShipTo       *Contact
	Codes        []string
	Choices      []Choice
	Groups       []FulfillmentGroup
	Capabilities Capabilities
	Affiliate    *Affiliate
	Locale       string
	Timezone     string
	QuoteID      string
	Metadata     map[string]any
	Notes        string
}

// UpdateRequest changes a session field by field; lists are replaced as a whole.
type UpdateRequest struct {
	Lines   Change[[]CartLine]
	Buyer   Change[Buyer]
	ShipTo  Change[ContactChange]
	Codes   Change[[]string]
	Choices Change[[]Choice]
	Groups  Change[[]FulfillmentGroup]
	Notes   Change[string]
}

// ContactChange changes a [Contact] member by member; the address is replaced as a whole.
type ContactChange struct {
	Name, Phone, Email Change[string]
	Address            Change[Address]
}

// Apply makes the change to an old contact, which may be nil, and returns the new one.
func (c ContactChange) Apply(old *Contact) *Contact {
	var n Contact
	if old != nil {
		n = *old
	}
	for _, f := range []struct {
		change Change[string]
		to     *string
	}{{c.Name, &n.Name}, {c.Phone, &n.Phone}, {c.Email, &n.Email}} {
		if f.change.Present() {
			*f.to, _ = f.change.Value()
		}
	}
	if c.Address.Present() {
		n.Address = nil
		if a, ok := c.Address.Value(); ok {
			n.Address = &a
		}
	}
	if n == (Contact{}) {
		return nil
	}
	return &n
}

// CompleteRequest pays a session.
type CompleteRequest struct {
	Payment        Payment
	Buyer          *Buyer
	ShipTo         *ContactChange // of the unreleased version: who receives the goods; another address is a conflict
	Authentication *AuthenticationResult
	Affiliate      *Affiliate
	RiskSignals    *RiskSignals
	Consents       []MarketingConsent
	Notes          *string
}

// CancelRequest gives a session up.
type CancelRequest struct {
	IntentTrace *IntentTrace
}
