package demo

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/postern-gateway/postern/cmd/postern/shopper"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

// Stay prints what can be tried by hand, shows the events that come, and returns when ctx ends.
func (d *Demo) Stay(ctx context.Context) (err error) {
	text, err := d.tryLines()
	if err != nil {
		return err
	}
	takeBack, err := d.announce()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, takeBack()) }()
	d.screen.text("%s", text)
	d.world.receiver.onEvent(d.showEvent)
	defer d.world.receiver.onEvent(nil)
	<-ctx.Done()
	d.screen.text("\nEnding the demo.\n")
	return nil
}

// tryLines are shell lines for bash and zsh, in the order in which a person would paste them.
func (d *Demo) tryLines() (string, error) {
	speaks := d.agent.speaks
	var err error
	body := func(v any) string {
		text, jsonErr := json.Marshal(v, json.Deterministic(true))
		if jsonErr != nil {
			err = fmt.Errorf("write a line to try: %w", jsonErr)
		}
		return "'" + strings.ReplaceAll(string(text), "'", `'\''`) + "'"
	}
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	note := func(text string) { line("\n%s", d.screen.paint(dim, "# "+text)) }

	line("\n%s", d.screen.paint(bold, "Everything stays up until Ctrl-C. Be the agent yourself, in another terminal (bash or zsh):"))
	note("the agent's calls: POST with a body, GET without; each gets an idempotency key of its own unless KEY says one")
	line(`acp() { p=$1; shift; curl -sS "%s/checkout_sessions$p" -H "Authorization: Bearer %s" -H "API-Version: %s" \`, d.world.origin(), d.world.token, speaks.Version())
	line(`  -H "Content-Type: application/json" -H "Idempotency-Key: ${KEY:-$(date +%%s)$RANDOM}" "$@"; echo; }`)
	note("create a checkout and keep its id")
	line(`S=$(acp "" -d %s | tee /dev/tty | grep -o 'cs_[0-9A-Z]*' | head -1)`, body(speaks.Create(buyer(), currency, []shopper.Item{{ID: "CUP-0002", Quantity: 1}})))
	note("change it, look at it")
	line(`acp /$S -d %s`, body(speaks.SetItems([]shopper.Item{{ID: "CUP-0002", Quantity: 2}, {ID: "FLT-0100", Quantity: 1}})))
	if code := speaks.EnterCodes(discountCode); code != nil {
		line(`acp /$S -d %s`, body(code))
	}
	line(`acp /$S`)
	note("be the agent's platform: a payment token for this seller, of at most $500.00; pm_card_chargeDeclined makes one that declines")
	line(`T=$(curl -sS %s/v1/shared_payment/issued_tokens -u %s: -H "Stripe-Version: %s" -d payment_method=%s \`, d.world.stripe.URL(), stripetest.AgentKey, tokenVersion, goodCard)
	line(`  -d "usage_limits[currency]=%s" -d "usage_limits[max_amount]=50000" -d "seller_details[network_business_profile]=%s" \`, currency, stripetest.SellerProfile)
	line(`  | grep -o 'spt_[0-9A-Z]*' | head -1); echo $T`)
	note("buy, and keep the order's number; the same line again is answered the same and charges nothing")
	pay := body(speaks.Complete(shopper.Checkout{Handler: d.handler}, "TOKEN", buyer()))
	line(`N=$(KEY=pay-$S acp /$S/complete -d %s | tee /dev/tty | grep -o 'my-order/[0-9]*' | head -1 | cut -d/ -f2)`, strings.Replace(pay, "TOKEN", `'$T'`, 1))
	note("be the shop: ship it, give $5.00 back; the signed events appear where the demo runs, within two seconds")
	control := fmt.Sprintf(`curl -sS %s/_control/orders/$N/%%s -H "X-Control-Key: %s" -d %%s; echo`, d.world.shop.URL(), d.world.shop.Shop().ControlKey())
	line(control, "ship", `'{"carrier":"UPS","tracking_no":"1Z12345"}'`)
	line(control, "refund", `'{"amount":"5.00","reason":"late"}'`)
	note("see where the money is, and what the shop sells")
	line(`curl -sS %s%s -u %s:`, d.world.stripe.URL(), stripetest.ControlLedger, stripetest.SellerKey)
	line(`curl -sS %s/items; echo`, d.world.shop.URL())
	note("let the program be the agent, over REST or MCP, and be told what the answers mean")
	line(`postern buy --item CUP-0002:2 --option express --transport mcp`)
	note("hold it against the specification, in every version, over REST and MCP; nothing else should buy meanwhile")
	line(`postern conform`)
	line("\n%s %s", d.screen.paint(dim, "gateway.yaml, shop.yaml and the gateway's log:"), d.world.dir)
	line("")
	return b.String(), err
}
