package conformance

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

func sideStatements() []Statement {
	return []Statement{
		{
			ID: "ATT-01", Profile: SinceV2, From: v2, Source: rfcAffiliate + " §10", check: keepsBothTouches,
			Text: "An attribution on create and one on complete are both kept; a claim in conflict neither fails the checkout nor replaces the first",
		},
		{
			ID: "ATT-02", Profile: SinceV2, From: v2, Source: rfcAffiliate + " §4.2.3, §6", check: refusesBadAttribution,
			Text: "An attribution without provider, without token and publisher_id, or with nested metadata is refused with 400; one with personal data with pii_not_allowed",
		},
		{
			ID: "MKT-01", Profile: SinceV5, From: v5, Source: rfcConsent + " §10", check: silenceIsNoConsent,
			Text: "Without marketing_consents nobody's subscription changes",
		},
		{
			ID: "MKT-02", Profile: SinceV5, From: v5, Source: rfcConsent + " §3.3, §3.5, §3.6", check: consentCountsAfterwards,
			Text: "Channels that were not offered, or have no contact, are ignored; a consent counts only after the completion",
		},
	}
}

func keepsBothTouches(t *trial) {
	body := t.whole(t.plain(1))
	body["affiliate_attribution"] = affiliate("first")
	s := t.readyWith(body)
	id := s.text("id")
	if t.harness == nil {
		t.notef("without a harness only the create was looked at")
		return
	}
	pay := t.pay(s, t.enough(s))
	last := affiliate("last")
	last["provider"] = "other.example"
	pay["affiliate_attribution"] = last
	done := t.success(t.do(opComplete, id, pay), http.StatusOK)
	t.check(done.text("status") == "completed", "with two attributions the session is %q, want completed", done.text("status"))
	if !t.harness.offers[OfferRecords] {
		t.notef("without the harness's records the kept attributions were not looked at")
		return
	}
	kept := t.records(id).Attributions
	t.check(slices.Contains(kept, Attribution{"impact.com", "first"}), "the first touch is not kept: %+v", kept)
	t.check(slices.Contains(kept, Attribution{"other.example", "last"}), "the last touch is not kept: %+v", kept)
	// A claim for the same touch, by another provider, changes nothing and stops nothing.
	again := t.whole(t.plain(1))
	again["affiliate_attribution"] = affiliate("first")
	s = t.readyWith(again)
	conflict := affiliate("first")
	conflict["provider"] = "thief.example"
	pay = t.pay(s, t.enough(s))
	pay["affiliate_attribution"] = conflict
	done = t.success(t.do(opComplete, s.text("id"), pay), http.StatusOK)
	t.check(done.text("status") == "completed", "a claim in conflict leaves the session %q, want completed", done.text("status"))
	kept = t.records(s.text("id")).Attributions
	t.check(slices.Contains(kept, Attribution{"impact.com", "first"}) && !slices.Contains(kept, Attribution{"thief.example", "first"}), "the first claim does not stay: %+v", kept)
}

func refusesBadAttribution(t *trial) {
	for _, bad := range []struct {
		what string
		make func(obj)
		code string
	}{
		{"no provider", func(o obj) { delete(o, "provider") }, ""},
		{"neither token nor publisher_id", func(o obj) { delete(o, "token") }, ""},
		{"nested metadata", func(o obj) { o["metadata"] = obj{"deep": obj{"er": 1}} }, ""},
		{"an array in metadata", func(o obj) { o["metadata"] = obj{"list": list{1}} }, ""},
		{"an e-mail address", func(o obj) { o["sub_id"] = "ada@example.com" }, "pii_not_allowed"},
		{"an e-mail address in metadata", func(o obj) { o["metadata"] = obj{"who": "ada@example.com"} }, "pii_not_allowed"},
	} {
		claim := affiliate("first")
		bad.make(claim)
		body := t.whole(t.plain(1))
		body["affiliate_attribution"] = claim
		a := t.do(opCreate, "", body)
		if !a.refused {
			t.failf("an attribution with %s is taken", bad.what)
		}
		e := t.refusal(a, bad.code, http.StatusBadRequest)
		t.check(strings.HasPrefix(e.text("param"), "$.affiliate_attribution"), "%s: the param is %q, want a path below $.affiliate_attribution", bad.what, e.text("param"))
	}
	ok := t.whole(t.plain(1))
	claim := affiliate("first")
	delete(claim, "token")
	claim["publisher_id"] = "pub_1"
	ok["affiliate_attribution"] = claim
	t.create(ok)
}

// subscriptions are the channels on which the shop may write to somebody.
func (t *trial) subscriptions(email string) map[string]bool {
	t.need(OfferConsents)
	var out struct {
		Channels map[string]bool `json:"channels"`
	}
	t.ask(http.MethodGet, "/subscriptions?email="+url.QueryEscape(email), nil, &out)
	return out.Channels
}

// somebody is a session of a buyer whom the shop does not know.
func (t *trial) somebody() (s node, email string) {
	email = strings.ToLower(newKey()) + "@example.com"
	body := t.whole(t.plain(1))
	person := buyer()
	person["email"] = email
	body["buyer"] = person
	member, value := t.delivery(t.address("home"))
	if details, ok := value.(obj); ok {
		details["email"] = email
		body[member] = details
	}
	return t.readyWith(body), email
}

// payAs pays for somebody without changing who buys.
func (t *trial) payAs(s node) obj {
	body := t.pay(s, t.enough(s))
	delete(body, "buyer")
	return body
}

func silenceIsNoConsent(t *trial) {
	t.need(OfferConsents, OfferTokens)
	s, email := t.somebody()
	done := t.success(t.do(opComplete, s.text("id"), t.payAs(s)), http.StatusOK)
	t.check(done.text("status") == "completed", "the session is %q, want completed", done.text("status"))
	t.settle(done.text("id"))
	t.check(len(t.subscriptions(email)) == 0, "a buyer who said nothing is subscribed: %v", t.subscriptions(email))
}

func consentCountsAfterwards(t *trial) {
	t.need(OfferConsents, OfferTokens)
	s, email := t.somebody()
	offered := s.list("marketing_consent_options")
	if len(offered) == 0 {
		t.skipf("the seller asks for no marketing consent")
	}
	for i, o := range offered {
		t.check(o.text("channel") != "" && o.text("display_text") != "" && o.text("privacy_policy_url") != "", "option %d lacks channel, display_text or privacy_policy_url", i)
	}
	channel := offered[0].text("channel")
	consents := list{obj{"channel": channel, "opted_in": true}, obj{"channel": "carrier_pigeon", "opted_in": true}}
	body := t.pay(s, t.mint(Mint{Amount: of(s, "total"), Outcome: "decline"}))
	delete(body, "buyer")
	body["marketing_consents"] = consents
	declined := t.success(t.do(opComplete, s.text("id"), body), http.StatusOK)
	t.check(declined.text("status") != "completed", "a declined payment completes")
	t.check(len(t.subscriptions(email)) == 0, "a consent counts before the completion")
	body = t.payAs(s)
	body["marketing_consents"] = consents
	done := t.success(t.do(opComplete, s.text("id"), body), http.StatusOK)
	t.check(done.text("status") == "completed", "with a channel that was not offered the session is %q, want completed", done.text("status"))
	var now map[string]bool
	t.until(func() bool { now = t.subscriptions(email); return len(now) > 0 })
	t.check(now[channel], "the buyer opted in to %s, and is not subscribed: %v", channel, now)
	t.check(len(now) == 1, "the buyer is subscribed to channels that were not offered: %v", now)
}

// settle waits until what follows a completion has happened, as far as a harness can tell: the event of the order has come.
func (t *trial) settle(id string) {
	if t.receiver != nil {
		t.await(id, "order_create", func(d delivery) bool { return d.text("type") == "order_create" })
	}
}
