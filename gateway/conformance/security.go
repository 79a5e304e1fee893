package conformance

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"time"
)

func securityStatements() []Statement {
	return []Statement{
		{
			ID: "SIG-01", Profile: Quality, From: v1, Source: rfcCheckout + " §7", check: refusesBadSignatures,
			Text: "Where signatures are enforced a wrong Signature, or a Timestamp outside of the window, is refused with 401",
		},
		{
			ID: "SEC-01", Profile: AllDates, From: v1, Source: rfcCheckout + " §7; " + rfcAffiliate + " §7.1", check: logsHideSecrets,
			Text: "Logs hold no bearer token, payment token, affiliate token, cryptogram or full address",
		},
	}
}

// sign signs a body by a recipe.
func sign(a Agent, body []byte, at time.Time) (signature, stamp string) {
	stamp = at.UTC().Format(time.RFC3339Nano)
	mac := hmac.New(sha256.New, []byte(a.SigningSecret))
	if a.SigningRecipe != "body" {
		mac.Write([]byte(stamp + "."))
	}
	mac.Write(body)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), stamp
}

func refusesBadSignatures(t *trial) {
	who := t.as(AgentSigned)
	if who.SigningSecret == "" {
		t.skipf("the target's agent that must sign has no secret that the suite knows")
	}
	body, err := request{body: t.whole(t.plain(1))}.bytes()
	if err != nil {
		t.failf("%v", err)
	}
	call := func(signature, stamp string) answer {
		options := []option{withToken(who.Token)}
		if signature != "" {
			options = append(options, withHeader("Signature", signature))
		}
		if stamp != "" {
			options = append(options, withHeader("Timestamp", stamp))
		}
		return t.do(opCreate, "", rawJSON(body), options...)
	}
	if t.transport == REST {
		good, stamp := sign(who, body, t.now())
		t.success(call(good, stamp), http.StatusCreated)
		if who.SigningRecipe != "body" {
			t.refusal(call(good, stamp), "", http.StatusUnauthorized) // the same signature again
		}
	}
	wrong, stamp := sign(Agent{SigningSecret: "another secret", SigningRecipe: who.SigningRecipe}, body, t.now())
	late, old := sign(who, body, t.now().Add(-time.Hour))
	soon, early := sign(who, body, t.now().Add(time.Hour))
	good, now := sign(who, append([]byte(" "), body...), t.now())
	for _, bad := range []struct{ what, signature, stamp string }{
		{"a wrong signature", wrong, stamp},
		{"a signature of an hour ago", late, old},
		{"a signature of an hour ahead", soon, early},
		{"a signature of another body", good, now},
		{"no signature", "", stamp},
		{"no timestamp", wrong, ""},
		{"neither", "", ""},
	} {
		a := call(bad.signature, bad.stamp)
		t.check(a.refused, "a call with %s is let in", bad.what)
		t.refusal(a, "", http.StatusUnauthorized)
	}
}

func logsHideSecrets(t *trial) {
	t.need(OfferLog, OfferTokens)
	_, from := t.logged(1 << 40)
	body := t.whole(t.plain(1))
	street := "7 Unlogged Lane " + newKey()
	where := t.address("home")
	where["line_one"] = street
	member, value := t.delivery(where)
	body[member] = value
	secrets := []string{t.token(), street, buyerEmail, buyerPhone}
	if since(t.date, v2) {
		body["affiliate_attribution"] = affiliate("first")
		secrets = append(secrets, "aff-tok-first-5c0ffee")
	}
	s := t.readyWith(body)
	token := t.enough(s)
	bad := t.mint(Mint{Amount: of(s, "total"), SessionID: s.text("id"), Outcome: "decline"})
	secrets = append(secrets, token, bad)
	t.do(opComplete, s.text("id"), t.pay(s, bad))
	wrong := t.pay(s, token)
	if since(t.date, v2) {
		wrong["authentication_result"] = t.authenticated("ds-unlogged")
		secrets = append(secrets, "Y29uZm9ybWFuY2UtY3J5cHRvZ3I=")
	}
	paid := t.do(opComplete, s.text("id"), wrong)
	if t.harness.offers[OfferFaults] {
		t.fault(Fault{Kind: FaultDown})
		t.do(opUpdate, s.text("id"), obj{t.lineKey(): t.lines(t.plain(2))}) // failures are what is logged most
		t.healed()
	}
	if paid.refused {
		t.awaitSuccess(func() answer { return t.do(opComplete, s.text("id"), t.pay(s, token)) })
	}
	lines, _ := t.logged(from)
	t.last = answer{}
	for _, line := range lines {
		for _, secret := range secrets {
			if strings.Contains(line, secret) {
				t.failf("a line of the log holds %s: %s", kindOf(secret, t), excerpt(line, 200))
			}
		}
	}
	if len(lines) == 0 {
		t.notef("the seller has logged nothing")
	}
}

// kindOf names a secret without telling it.
func kindOf(secret string, t *trial) string {
	switch {
	case secret == t.token():
		return "the bearer token"
	case strings.HasPrefix(secret, "spt_"):
		return "a payment token"
	case strings.HasPrefix(secret, "aff-"):
		return "an affiliate token"
	case secret == buyerEmail || secret == buyerPhone:
		return "the buyer's e-mail or phone"
	case strings.HasPrefix(secret, "7 Unlogged"):
		return "the buyer's street"
	default:
		return "a cryptogram"
	}
}
