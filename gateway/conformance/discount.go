package conformance

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

func discountStatements() []Statement {
	return []Statement{
		{
			ID: "DSC-01", Profile: SinceV4, From: v4, Source: rfcDiscount + " §6.1", check: codesReplace,
			Text: "discounts.codes replaces the codes before; an empty array clears them",
		},
		{
			ID: "DSC-02", Profile: SinceV4, From: v4, Source: rfcDiscount + " §6.1, §10.1", check: codesHaveAliases,
			Text: "Codes are case-insensitive; coupons is an alias; discounts.codes wins where both are sent",
		},
		{
			ID: "DSC-03", Profile: SinceV4, From: v4, Source: rfcDiscount + " §7", check: rejectsCodes,
			Text: "A rejected code is answered 2xx, with one of eight reasons and a warning that names the code's place",
		},
		{
			ID: "DSC-04", Profile: SinceV4, From: v4, Source: rfcDiscount + " §4.2, §5.3", check: allocationsAddUp,
			Text: "Allocations add up to the amount; automatic discounts say so and have no code",
		},
		{
			ID: "DSC-05", Profile: SinceV4, From: v4, Source: rfcDiscount + " §11", check: limitsGuessing,
			Text: "Guessing of codes is limited",
		},
	}
}

// codes is the body of an update with discount codes.
func codes(values ...string) obj {
	out := list{}
	for _, v := range values {
		out = append(out, v)
	}
	return obj{"discounts": obj{"codes": out}}
}

// applied are the codes that take something off, in upper case and sorted.
func applied(s node) []string {
	var out []string
	for _, d := range s.list("discounts", "applied") {
		if c := d.text("code"); c != "" {
			out = append(out, strings.ToUpper(c))
		}
	}
	slices.Sort(out)
	return out
}

func (t *trial) applies(s node, want ...string) {
	for i := range want {
		want[i] = strings.ToUpper(want[i])
	}
	slices.Sort(want)
	t.check(slices.Equal(applied(s), want), "the codes %q are applied, want %q: %s", applied(s), want, brief(s.at("discounts").value))
}

// discounted is a session whose agent speaks the discount extension.
func (t *trial) discounted() node {
	body := t.whole(t.plain(2))
	body["capabilities"] = obj{"interventions": obj{"supported": list{}}, "extensions": list{"discount"}}
	return t.readyWith(body)
}

func codesReplace(t *trial) {
	percent, amount := t.code(CodePercent), t.code(CodeAmount)
	s := t.discounted()
	id, full := s.text("id"), of(s, "total")
	one := t.update(id, codes(percent))
	t.applies(one, percent)
	t.check(of(one, "total") < full, "the total does not fall with a code: %d and %d", full, of(one, "total"))
	two := t.update(id, codes(amount))
	t.applies(two, amount)
	both := t.update(id, codes(percent, amount))
	t.applies(both, percent, amount)
	t.check(of(both, "total") < min(of(one, "total"), of(two, "total")), "both codes take off no more than one")
	kept := t.update(id, obj{"buyer": buyer()})
	t.applies(kept, percent, amount)
	none := t.update(id, codes())
	t.applies(none)
	t.check(of(none, "total") == full, "without codes the total is %d, want %d as before", of(none, "total"), full)
}

func codesHaveAliases(t *trial) {
	percent, amount := t.code(CodePercent), t.code(CodeAmount)
	s := t.discounted()
	id := s.text("id")
	lower := t.update(id, codes(strings.ToLower(percent)))
	t.applies(lower, percent)
	alias := t.update(id, obj{"coupons": list{amount}})
	t.applies(alias, amount)
	body := codes(percent)
	body["coupons"] = list{amount}
	t.applies(t.update(id, body), percent)
	created := t.whole(t.plain(1))
	created["coupons"] = list{percent}
	t.applies(t.create(created), percent)
}

func rejectsCodes(t *trial) {
	percent := t.code(CodePercent)
	s := t.discounted()
	bad := []string{"NO-SUCH-CODE-1"}
	if c := t.seller.Codes[CodeExpired]; c != "" {
		bad = append(bad, c)
	}
	after := t.update(s.text("id"), codes(append([]string{percent}, bad...)...))
	t.applies(after, percent)
	for i, code := range bad {
		var found node
		for _, r := range after.list("discounts", "rejected") {
			if strings.EqualFold(r.text("code"), code) {
				found = r
			}
		}
		t.check(found.present, "the code %s is not among the rejected ones: %s", code, brief(after.at("discounts", "rejected").value))
		t.check(slices.Contains(discountCodes, found.text("reason")), "the code %s is rejected for %q, which is none of the eight reasons", code, found.text("reason"))
		want := fmt.Sprintf("$.discounts.codes[%d]", i+1)
		said := false
		for _, m := range after.list("messages") {
			said = said || m.text("type") == "warning" && m.text("code") == found.text("reason") && m.text("param") == want
		}
		t.check(said, "no warning %s with the param %s: %s", found.text("reason"), want, brief(after.at("messages").value))
	}
	t.check(after.text("status") == "ready_for_payment", "with a rejected code the session is %q, want ready_for_payment", after.text("status"))
}

// allocated checks the discounts of a session and counts them.
func (t *trial) allocated(s node) (n int, automatic bool) {
	for i, d := range s.list("discounts", "applied") {
		n++
		var sum int64
		for j, a := range d.list("allocations") {
			sum += a.amount("amount")
			t.check(strings.HasPrefix(a.text("path"), "$"), "allocation %d of discount %d has the path %q", j, i, a.text("path"))
		}
		if d.has("allocations") {
			t.check(sum == d.amount("amount"), "discount %d is of %d, its allocations are %d", i, d.amount("amount"), sum)
		}
		t.check(d.text("id") != "" && d.text("coupon", "id") != "" && d.text("coupon", "name") != "", "discount %d has no id, or no coupon with id and name", i)
		if d.truth("automatic") {
			automatic = true
			t.check(!d.has("code"), "discount %d is automatic and has the code %q", i, d.text("code"))
		}
	}
	return n, automatic
}

func allocationsAddUp(t *trial) {
	percent, amount := t.code(CodePercent), t.code(CodeAmount)
	body := t.whole(t.plain(2), wanted{t.item(ItemSecond), 3})
	body["capabilities"] = obj{"interventions": obj{"supported": list{}}, "extensions": list{"discount"}}
	body["discounts"] = obj{"codes": list{percent, amount}}
	s := t.create(body)
	n, _ := t.allocated(s)
	t.check(n == 2, "%d discounts are applied, want 2", n)
	item := t.seller.Items[ItemAutomatic]
	if item == "" {
		t.notef("the target has no item with an automatic discount")
		return
	}
	auto := t.whole(wanted{item, 3})
	auto["capabilities"] = body["capabilities"]
	s = t.create(auto)
	_, automatic := t.allocated(s)
	t.check(automatic, "the discount of %s, which needs no code, is not marked automatic: %s", item, brief(s.at("discounts").value))
	t.check(of(s, "items_discount")+of(s, "discount") > 0, "the automatic discount takes nothing off")
}

func limitsGuessing(t *trial) {
	limited := t.as(AgentLimited).Token
	s := t.create(t.whole(t.plain(1)), withToken(limited))
	for i := range 60 {
		a := t.do(opUpdate, s.text("id"), codes(fmt.Sprintf("GUESS-%d", i)), withToken(limited))
		if a.refused {
			e := t.refusal(a, "", http.StatusTooManyRequests)
			t.check(e.text("type") == "invalid_request", "the type is %q, want invalid_request", e.text("type"))
			return
		}
	}
	t.failf("60 codes were guessed without a limit")
}
