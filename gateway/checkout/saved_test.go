package checkout_test

import (
	"testing"

	"github.com/postern-gateway/postern/gateway/checkout"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
	"github.com/postern-gateway/postern/gateway/store"
)

// proven is a world in which calls prove a customer who has the saved cards.
func proven(t *testing.T, cards ...string) (w *world, customer string) {
	t.Helper()
	w = newWorld(t)
	customer = w.stripe.NewCustomer()
	for _, c := range cards {
		w.save(customer, c)
	}
	w.subject = customer
	return w, customer
}

func (w *world) save(customer, card string) {
	w.t.Helper()
	if _, err := w.stripe.Save(customer, stripetest.SavedMethod{PaymentMethod: card}); err != nil {
		w.t.Fatal(err)
	}
}

// savedHandlers are the handlers of a session that stand for saved cards.
func savedHandlers(cs commerce.Session) []commerce.PaymentHandler {
	var out []commerce.PaymentHandler
	for _, h := range cs.Handlers {
		if h.Saved != nil {
			out = append(out, h)
		}
	}
	return out
}

// paySaved completes a session with a handler, and whatever token an agent sends beside it.
func (w *world) paySaved(key, id, handler string) (store.Answer, error) {
	w.t.Helper()
	w.adds = []func(*commerce.CompleteRequest){func(r *commerce.CompleteRequest) {
		r.Payment = commerce.Payment{HandlerID: handler, InstrumentType: "seller_backed_saved_card", CredentialType: "spt", Token: "any"}
	}}
	defer func() { w.adds = nil }()
	return w.complete(key, id, "")
}

func TestASavedCardPays(t *testing.T) {
	t.Parallel()
	w, customer := proven(t, "pm_card_visa")
	cs := w.create()
	handlers := savedHandlers(cs)
	if len(handlers) != 1 || handlers[0].Saved.Customer != customer || handlers[0].DisplayName != "visa •••• 4242" {
		t.Fatalf("offered %+v", handlers)
	}
	a, err := w.paySaved("k1", cs.ID, handlers[0].ID)
	if got := session(t, a, err); got.Status != commerce.Completed || got.Order == nil {
		t.Fatalf("%s %v", got.Status, got.Messages)
	}
	w.invariants(cs.ID)
	requests := w.stripe.Requests()
	for _, r := range requests {
		if r.Op != stripetest.OpCreate {
			continue
		}
		if r.Form.Get("customer") != customer || r.Form.Get("payment_method") != handlers[0].Saved.Method || r.Form.Get("return_url") == "" ||
			r.Form.Get("capture_method") != "manual" {
			t.Errorf("sent %v", r.Form)
		}
	}
	if w.stripe.Arrivals(stripetest.OpGranted) != 0 {
		t.Error("what the agent sent as a token was looked up")
	}
}

func TestASavedCardIsOfferedToItsProvenOwnerOnly(t *testing.T) {
	t.Parallel()
	w, customer := proven(t, "pm_card_visa", "pm_card_mastercard")
	w.subject = ""
	if got := savedHandlers(w.create()); len(got) != 0 {
		t.Errorf("nobody was proven, and saved cards are offered: %+v", got)
	}
	w.subject = "cus_unknown"
	if got := savedHandlers(w.create()); len(got) != 0 {
		t.Errorf("a customer without cards is offered %+v", got)
	}
	w.subject = customer
	cs := w.create()
	if got := savedHandlers(cs); len(got) != 2 || got[0].ID == got[1].ID {
		t.Errorf("offered %+v, want both cards", got)
	}
	for name, subject := range map[string]string{"nobody": "", "another customer": w.stripe.NewCustomer()} {
		if checkout.OwnedBy(cs, subject) {
			t.Errorf("%s owns the session's saved cards", name)
		}
	}
	if got := checkout.ForAnybody(cs.Handlers); len(got) != len(cs.Handlers)-2 {
		t.Errorf("anybody sees %+v", got)
	}

	w.subject = ""
	_, err := w.paySaved("k1", cs.ID, savedHandlers(cs)[0].ID)
	wantKind(t, err, commerce.Invalid)
	w.subject = w.stripe.NewCustomer()
	_, err = w.paySaved("k2", cs.ID, savedHandlers(cs)[0].ID)
	wantKind(t, err, commerce.NotFound)
	_, err = w.service.Update(t.Context(), w.call(""), cs.ID, commerce.UpdateRequest{})
	wantKind(t, err, commerce.NotFound)
	if n := w.stripe.Arrivals(stripetest.OpCreate); n != 0 {
		t.Errorf("%d holds were asked for", n)
	}
}

func TestABuyerWhoSignsInLaterIsOfferedTheirCards(t *testing.T) {
	t.Parallel()
	w, customer := proven(t, "pm_card_visa")
	w.subject = ""
	cs := w.create()
	w.subject = customer
	a, err := w.service.Update(t.Context(), w.call(""), cs.ID, commerce.UpdateRequest{})
	if got := savedHandlers(session(t, a, err)); len(got) != 1 {
		t.Errorf("offered %+v", got)
	}
}

func TestADeclinedSavedCardLeavesTheSessionOpen(t *testing.T) {
	t.Parallel()
	for card, code := range map[string]string{
		"pm_card_visa_chargeDeclined": commerce.CodePaymentDeclined, "pm_card_authenticationRequired": commerce.CodeRequires3DS,
	} {
		w, _ := proven(t, card, "pm_card_visa")
		cs := w.create()
		bad, good := savedHandlers(cs)[1], savedHandlers(cs)[0]
		a, err := w.paySaved("k1", cs.ID, bad.ID)
		got := session(t, a, err)
		if got.Status != commerce.Ready || len(got.Messages) == 0 || got.Messages[len(got.Messages)-1].Code != code {
			t.Errorf("%s: %s %v, want %s", card, got.Status, got.Messages, code)
		}
		a, err = w.paySaved("k2", cs.ID, good.ID)
		if got := session(t, a, err); got.Status != commerce.Completed {
			t.Errorf("the other card: %s %v", got.Status, got.Messages)
		}
		w.invariants(cs.ID)
	}
}

func TestWhatIsNoSavedCardIsRefused(t *testing.T) {
	t.Parallel()
	w, _ := proven(t, "pm_card_visa")
	cs := w.create()
	_, err := w.paySaved("k1", cs.ID, "saved_card_0123456789abcdef")
	wantKind(t, err, commerce.Invalid)
	w.adds = []func(*commerce.CompleteRequest){func(r *commerce.CompleteRequest) {
		r.Payment = commerce.Payment{HandlerID: savedHandlers(cs)[0].ID, InstrumentType: "gift_card"}
	}}
	_, err = w.complete("k2", cs.ID, "")
	wantKind(t, err, commerce.Invalid)
}

func TestAVaultThatIsAwayCostsNobodyTheSession(t *testing.T) {
	t.Parallel()
	w, _ := proven(t, "pm_card_visa")
	w.arm(stripetest.Fault{Op: stripetest.OpSavedMethods, Kind: stripetest.ServerError, Times: 1})
	if cs := w.create(); len(savedHandlers(cs)) != 0 {
		t.Errorf("offered %+v", savedHandlers(cs))
	}
}

func TestASavedCardIsChargedOnceWhateverDies(t *testing.T) {
	t.Parallel()
	w, _ := proven(t, "pm_card_visa")
	cs := w.create()
	handler := savedHandlers(cs)[0].ID
	w.arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: stripetest.CutReply, Times: 1})
	w.adds = []func(*commerce.CompleteRequest){func(r *commerce.CompleteRequest) {
		r.Payment = commerce.Payment{HandlerID: handler, InstrumentType: "seller_backed_saved_card"}
	}}
	a, _, err := w.insist("k1", cs.ID, "")
	if got := session(t, a, err); got.Status != commerce.Completed {
		t.Fatalf("%s %v", got.Status, got.Messages)
	}
	w.invariants(cs.ID)
}
