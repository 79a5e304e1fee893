package shopper

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// run is an errand under way.
type run struct {
	Errand

	agent    *Shopper
	checkout Checkout
	result   Result
	paying   bool // a complete was sent
}

func (r *run) run(ctx context.Context) error {
	if err := r.meet(ctx); err != nil {
		return err
	}
	err := r.shop(ctx)
	if errors.Is(err, errNoToken) {
		return err // the checkout stays open for whoever brings one
	}
	if (err != nil || r.DryRun) && r.checkout.ID != "" && !r.paying && r.Session == "" {
		err = errors.Join(err, r.cancel(context.WithoutCancel(ctx)))
	}
	return err
}

// meet asks the seller what it is, and settles how to speak to it.
func (r *run) meet(ctx context.Context) error {
	s, tells, err := Discover(ctx, r.URL)
	if err != nil {
		return failure("Check --url, and that the seller runs and can be reached from here.", "nobody answers: %w", err)
	}
	if r.Transport == "" {
		r.Transport = REST
	}
	if r.Version == "" {
		r.Version = r.newest(s.Versions)
	}
	if r.Currency == "" && len(s.Currencies) > 0 {
		r.Currency = s.Currencies[0]
	}
	if r.Currency == "" {
		r.Currency = "usd"
	}
	if r.agent, err = New(r.Options); err != nil {
		return &Failure{Err: err}
	}
	r.result.APIVersion, r.result.Transport = r.Version, r.Transport
	r.Narrator.Title("An agent buys at %s in ACP %s over %s", r.URL, r.Version, strings.ToUpper(string(r.Transport)))
	if plainAbroad(r.URL) {
		r.Narrator.Step("warning", "plain HTTP: whoever carries it can read the token; sellers have https")
	}
	if !tells {
		r.Narrator.Step("discovery", "the seller has no /.well-known/acp.json; going on as told")
	} else {
		r.Narrator.Step("discovery", "the seller speaks %s over %s", strings.Join(s.Versions, ", "), strings.Join(s.Transports, " and "))
		r.Narrator.Step("", "and offers %s", strings.Join(slices.Concat(s.Services, s.Extensions), ", "))
		if !slices.Contains(s.Versions, r.Version) {
			return failure("Use --version with one of "+strings.Join(s.Versions, ", ")+".", "the seller does not speak ACP %s", r.Version)
		}
		if !slices.Contains(s.Transports, string(r.Transport)) {
			return failure("Use --transport "+strings.Join(s.Transports, " or ")+".", "the seller does not speak %s", r.Transport)
		}
	}
	if len(r.Codes) > 0 && !r.agent.Dialect().HasCodes() {
		return failure("Leave --code out, or use --version 2026-01-30 or later.", "ACP %s has no discount codes", r.Version)
	}
	return nil
}

// plainAbroad reports whether an address leaves this machine without TLS.
func plainAbroad(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback())
}

// newest is the newest date that both speak; a seller that does not say is taken to speak the newest.
func (e Errand) newest(theirs []string) string {
	for _, d := range dialects {
		if (len(theirs) == 0 || slices.Contains(theirs, d.version)) && (e.Transport != MCP || d.mcp) {
			return d.version
		}
	}
	return dialects[0].version
}

// shop goes from the first price to the order.
func (r *run) shop(ctx context.Context) error {
	if err := r.open(ctx); err != nil {
		return err
	}
	for _, id := range r.Picks {
		if err := r.choose(ctx, id); err != nil {
			return err
		}
	}
	if err := r.enterCodes(ctx); err != nil {
		return err
	}
	r.explainTotal()
	if err := r.judge(); err != nil {
		return err
	}
	if r.DryRun {
		r.Narrator.Step("dry run", "the checkout could be paid now")
		return nil
	}
	token, err := r.token(ctx)
	if err != nil {
		return err
	}
	return r.pay(ctx, token)
}

// open creates the checkout, or looks at the one that is given.
func (r *run) open(ctx context.Context) error {
	step, op, id, body := "create", Create, "", r.agent.speaks.Create(r.For, r.Currency, r.Items)
	if r.Session != "" {
		step, op, id, body = "look", Get, r.Session, nil
	}
	if err := r.call(ctx, step, op, id, body); err != nil {
		return err
	}
	r.Narrator.Step(step, "%s is %s: %s", r.checkout.ID, r.checkout.Status, plainStatus(r.checkout.Status))
	for _, l := range r.checkout.Lines {
		name := l.Title
		if name == "" {
			name = l.Item
		}
		r.Narrator.Sum(fmt.Sprintf("%d × %s", l.Quantity, name), money(l.Total, r.checkout.Currency))
	}
	if len(r.checkout.Options) > 0 {
		r.Narrator.Step("", "ways to get it (* is chosen):")
	}
	longest := 0
	for _, o := range r.checkout.Options {
		longest = max(longest, utf8.RuneCountInString(o.ID))
	}
	for _, o := range r.checkout.Options {
		mark := " "
		if slices.ContainsFunc(r.checkout.Choices, func(c Choice) bool { return c.Option == o.ID }) {
			mark = "*"
		}
		r.Narrator.Sum(mark+" "+pad(o.ID, longest)+"  "+o.Title, money(o.Total, r.checkout.Currency))
	}
	r.Narrator.messages(r.checkout.Messages)
	return nil
}

// call sends a call that changes nothing for good. A seller that is busy is asked again, three times.
func (r *run) call(ctx context.Context, step string, op Operation, id string, body any) error {
	key := ""
	if op != Get {
		key = r.agent.NewKey(step)
	}
	for try := 1; ; try++ {
		reply, err := r.agent.Send(ctx, op, id, key, body)
		if err != nil {
			return failure("Check --url, and that the seller runs and can be reached from here.", "%s: no answer: %w", step, err)
		}
		c, err := r.agent.Read(step, op, reply)
		refused, isRefusal := errors.AsType[*Refusal](err)
		switch {
		case isRefusal && refused.Again() && try < 4:
			if err := r.wait(ctx, refused.RetryAfter); err != nil {
				return err
			}
			continue
		case isRefusal:
			return &Failure{Err: err, Remedy: remedy(refused)}
		case err != nil && c.ID == "":
			return err
		case err != nil:
			r.Narrator.Step("", "note: %s", err)
		}
		r.see(c)
		return nil
	}
}

// see takes an answer in.
func (r *run) see(c Checkout) {
	r.checkout = c
	r.result.SessionID, r.result.Status, r.result.Total, r.result.Currency = c.ID, c.Status, c.Total(), c.Currency
	r.result.OrderID, r.result.OrderURL, r.result.Messages = c.OrderID, c.Permalink, c.Messages
}

// The shortest and the longest wait for a seller that is busy.
const (
	minWait = time.Second
	maxWait = 30 * time.Second
)

func (r *run) wait(ctx context.Context, asked time.Duration) error {
	d := min(max(asked, minWait), maxWait)
	r.Narrator.Step("", "the seller is busy; asking again in %s", d)
	if err := r.Clock.Sleep(ctx, d); err != nil {
		return fmt.Errorf("wait for the seller: %w", err)
	}
	return nil
}

// choose selects an option.
func (r *run) choose(ctx context.Context, id string) error {
	i := slices.IndexFunc(r.checkout.Options, func(o Option) bool { return o.ID == id })
	if i < 0 {
		var offered []string
		for _, o := range r.checkout.Options {
			offered = append(offered, o.ID)
		}
		if len(offered) == 0 {
			return failure("Leave --option out.", "the seller offers no choice of delivery")
		}
		return failure("Use --option "+strings.Join(offered, " or ")+".", "the seller does not offer %q", id)
	}
	before := r.checkout.Total()
	o := r.checkout.Options[i]
	if err := r.call(ctx, "choose", Update, r.checkout.ID, r.agent.speaks.Choose(o, r.checkout)); err != nil {
		return err
	}
	r.Narrator.StepSum("choose", o.ID+"  "+o.Title, change(r.checkout.Total()-before, r.checkout.Currency))
	if !slices.ContainsFunc(r.checkout.Choices, func(c Choice) bool { return c.Option == id }) {
		r.Narrator.messages(r.checkout.Messages)
		return failure("Read the messages above, or leave --option out.", "the seller did not select %q", id)
	}
	return nil
}

// enterCodes applies the discount codes. The buyer asked for the price with them, so none may be missing.
func (r *run) enterCodes(ctx context.Context) error {
	if len(r.Codes) == 0 {
		return nil
	}
	before := r.checkout.Total()
	if err := r.call(ctx, "codes", Update, r.checkout.ID, r.agent.speaks.EnterCodes(r.Codes...)); err != nil {
		return err
	}
	for _, code := range r.Codes {
		same := func(have string) bool { return strings.EqualFold(have, code) }
		if slices.ContainsFunc(r.checkout.Codes, same) {
			continue
		}
		why := "it gives no reason"
		if i := slices.IndexFunc(r.checkout.Rejected, func(x RejectedCode) bool { return same(x.Code) }); i >= 0 {
			why = strings.TrimPrefix(r.checkout.Rejected[i].Reason, "discount_code_")
			if text := r.checkout.Rejected[i].Message; text != "" {
				why += ": " + text
			}
		}
		return failure("Correct the code, or leave it out to buy at the price without it.", "the seller does not take the code %q (%s)", code, why)
	}
	r.Narrator.StepSum("code", strings.Join(r.Codes, ", ")+" taken", change(r.checkout.Total()-before, r.checkout.Currency))
	return nil
}

// explainTotal shows what the total is made of.
func (r *run) explainTotal() {
	r.Narrator.Step("total", "what the seller asks for:")
	for _, a := range r.checkout.Entries {
		switch a.Type {
		case "total", "subtotal":
			continue // the sum itself, and one on the way to it
		}
		text, sum := a.Text, a.Amount
		if text == "" {
			text = strings.ReplaceAll(a.Type, "_", " ")
		}
		if slices.Contains([]string{"items_discount", "discount", "store_credit"}, a.Type) {
			sum = -sum
		}
		r.Narrator.Sum(text, money(sum, r.checkout.Currency))
	}
	r.Narrator.Sum("= to pay", money(r.checkout.Total(), r.checkout.Currency))
}

// judge decides whether the checkout can be paid, and says what blocks it.
func (r *run) judge() error {
	if r.checkout.Status == "ready_for_payment" {
		return nil
	}
	if r.checkout.Status == "completed" {
		return failure("There is nothing left to pay.", "the checkout %s is completed already", r.checkout.ID)
	}
	var what, todo []string
	for _, m := range r.checkout.Messages {
		if m.Type == "error" {
			w, t := plain(m)
			what, todo = append(what, w), append(todo, t)
		}
	}
	if len(what) == 0 {
		what, todo = []string{plainStatus(r.checkout.Status)}, []string{remedyOfStatus(r.checkout)}
	}
	slices.Sort(todo)
	return failure(strings.Join(slices.Compact(todo), "\n"), "the checkout is %s and cannot be paid: %s", r.checkout.Status, strings.Join(what, "; "))
}

// errNoToken ends an errand that has nothing to pay with.
var errNoToken = errors.New("there is no payment token")

// token gets the money's key, or says what it must be.
func (r *run) token(ctx context.Context) (string, error) {
	n := Need{
		Session: r.checkout.ID, Handler: r.checkout.Handler, Merchant: r.checkout.Merchant, Amount: r.checkout.Total(), Currency: r.checkout.Currency,
	}
	if r.Pay != nil {
		token, err := r.Pay(ctx, n)
		if err != nil {
			return "", fmt.Errorf("get a payment token: %w", err)
		}
		return token, nil
	}
	merchant := n.Merchant
	if merchant == "" {
		merchant = "which this date does not tell; ask the seller"
	}
	return "", &Failure{Err: errNoToken, Remedy: fmt.Sprintf(`Nothing is paid; the checkout stays open. Have the agent's platform issue a Shared Payment Token (Stripe) with
  seller_details[network_business_profile]  %s
  seller_details[external_id]               %s
  usage_limits[currency]                    %s
  usage_limits[max_amount]                  %d
then run the same command with --session %s --payment-token spt_… in place of --item, --option and --code.`,
		merchant, n.Session, n.Currency, n.Amount, n.Session)}
}
