package conformance

import "slices"

// notNeeded stands where a payment token would, in calls that must be refused before anybody looks at it.
const notNeeded = "spt_none"

// lineView is a line of a session, whatever the date. Amounts are minor units.
type lineView struct {
	id, item                             string
	quantity                             int64
	base, discount, subtotal, tax, total int64
}

// optionView is a fulfillment option, whatever the date.
type optionView struct {
	id, kind             string
	subtotal, tax, total int64
}

// sum adds up the entries of one type in an array of totals.
func sum(totals []node, kind string) (total int64, there bool) {
	for _, e := range totals {
		if e.text("type") == kind {
			total += e.amount("amount")
			there = true
		}
	}
	return total, there
}

// of is one kind of a session's totals.
func of(s node, kind string) int64 {
	n, _ := sum(s.list("totals"), kind)
	return n
}

// viewLines reads the lines of a session.
func viewLines(s node) []lineView {
	var out []lineView
	for _, l := range s.list("line_items") {
		v := lineView{id: l.text("id"), item: l.text("item", "id")}
		if l.isList("totals") {
			v.quantity = l.amount("quantity")
			totals := l.list("totals")
			v.base, _ = sum(totals, "items_base_amount")
			v.discount, _ = sum(totals, "discount")
			if d, ok := sum(totals, "items_discount"); ok && v.discount == 0 {
				v.discount = d
			}
			v.subtotal, _ = sum(totals, "subtotal")
			v.tax, _ = sum(totals, "tax")
			v.total, _ = sum(totals, "total")
		} else {
			v.quantity = l.amount("item", "quantity")
			v.base, v.discount, v.subtotal, v.tax, v.total = l.amount("base_amount"), l.amount("discount"), l.amount("subtotal"), l.amount("tax"), l.amount("total")
		}
		out = append(out, v)
	}
	return out
}

// viewOptions reads the options of a session.
func viewOptions(s node) []optionView {
	var out []optionView
	for _, o := range s.list("fulfillment_options") {
		v := optionView{id: o.text("id"), kind: o.text("type")}
		if o.isList("totals") {
			totals := o.list("totals")
			v.subtotal, _ = sum(totals, "subtotal")
			v.tax, _ = sum(totals, "tax")
			v.total, _ = sum(totals, "total")
		} else {
			v.subtotal, v.tax, v.total = o.amount("subtotal"), o.amount("tax"), o.amount("total")
		}
		out = append(out, v)
	}
	return out
}

// selected are the ids of the selected options.
func selected(s node) []string {
	var out []string
	if id := s.text("fulfillment_option_id"); id != "" {
		out = append(out, id)
	}
	for _, o := range s.list("selected_fulfillment_options") {
		id := o.text("option_id")
		for _, kind := range []string{"shipping", "digital"} {
			if id == "" {
				id = o.text(kind, "option_id")
			}
		}
		out = append(out, id)
	}
	return out
}

// hasMessage finds a message by type and code; an empty type is any.
func hasMessage(s node, kind string, codes ...string) (node, bool) {
	for _, m := range s.list("messages") {
		if (kind == "" || m.text("type") == kind) && (len(codes) == 0 || slices.Contains(codes, m.text("code"))) {
			return m, true
		}
	}
	return node{}, false
}

// create makes a session from a body, or fails the statement.
func (t *trial) create(body any, options ...option) node {
	return t.fine(t.do(opCreate, "", body, options...))
}

// update changes a session, or fails the statement.
func (t *trial) update(id string, body any, options ...option) node {
	return t.fine(t.do(opUpdate, id, body, options...))
}

// get reads a session, or fails the statement.
func (t *trial) get(id string, options ...option) node {
	return t.fine(t.do(opGet, id, nil, options...))
}

// cancel cancels a session, or fails the statement.
func (t *trial) cancel(id string, options ...option) node {
	return t.fine(t.do(opCancel, id, obj{}, options...))
}

// ready makes a session that can be paid.
func (t *trial) ready(options ...option) node {
	return t.readyWith(t.whole(t.plain(1)), options...)
}

func (t *trial) readyWith(body obj, options ...option) node {
	s := t.create(body, options...)
	t.check(s.text("status") == "ready_for_payment",
		"a session with lines, buyer and address is %q, want ready_for_payment: %s", s.text("status"), brief(s.at("messages").value))
	t.check(s.text("id") != "", "the session has no id")
	return s
}

// paid makes a session and completes it; it returns the session's id and the answer.
func (t *trial) paid(options ...option) (string, node) {
	return t.paidWith(t.whole(t.plain(1)), options...)
}

func (t *trial) paidWith(body obj, options ...option) (string, node) {
	s := t.readyWith(body, options...)
	done := t.fine(t.do(opComplete, s.text("id"), t.pay(s, t.enough(s)), options...))
	t.check(done.text("status") == "completed", "the completed session is %q: %s", done.text("status"), brief(done.at("messages").value))
	return s.text("id"), done
}

// enough is a payment token that is good for a session's total.
func (t *trial) enough(s node) string {
	return t.mint(Mint{Amount: of(s, "total"), SessionID: s.text("id")})
}

// errorMessages are the codes of a session's error messages.
func errorMessages(s node) []string {
	var out []string
	for _, m := range s.list("messages") {
		if m.text("type") == "error" {
			out = append(out, m.text("code"))
		}
	}
	return out
}
