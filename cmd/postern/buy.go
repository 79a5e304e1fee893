package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/cmd/postern/demo"
	"github.com/postern-gateway/postern/cmd/postern/shopper"
	"github.com/postern-gateway/postern/gateway/clock"
)

func buyCommand() command {
	c := command{
		name: "buy", summary: "be an agent: buy something at any ACP seller, step by step",
		about: `Asks the seller what it speaks, opens a checkout, chooses, applies codes, explains the total and pays. What the seller says is put in
plain words, with what to do about it. The exit status is 0 only when the order exists; with --dry-run, when it could have been paid.

Without --url it buys at the demo that postern demo keeps up, which also issues the payment token. Anywhere else a payment token
comes from the agent's platform: without one the command stops before paying and says what it must be good for.`,
	}
	c.flags = func(fs *flag.FlagSet) action {
		var in purchase
		fs.StringVar(&in.url, "url", "", "the `origin` of the seller's endpoints, such as https://shop.example.com; default the demo that runs")
		fs.StringVar(&in.token, "token", "", "the agent's bearer `token`")
		fs.Func("item", "an article and how many of it, `id[:quantity]`; may be repeated", in.addItem)
		fs.StringVar(&in.version, "version", "", "the ACP `date` to speak: "+strings.Join(shopper.Versions(), ", ")+"; default the newest that both speak")
		fs.StringVar(&in.transport, "transport", "rest", "what carries the calls: rest or mcp")
		fs.StringVar(&in.currency, "currency", "", "the `currency` to buy in; default what the seller sells in")
		fs.Func("code", "a discount `code`; may be repeated", func(s string) error { in.codes = append(in.codes, s); return nil })
		fs.Func("option", "the `id` of a fulfillment option to choose; may be repeated; default what the seller chose", func(s string) error {
			in.picks = append(in.picks, s)
			return nil
		})
		fs.StringVar(&in.payment, "payment-token", "", "the Shared Payment `token` (spt_…) to pay with")
		fs.StringVar(&in.session, "session", "", "pay the open checkout of this `id` as it stands, in place of a new one")
		fs.StringVar(&in.name, "name", "", "the buyer's first and last `name`")
		fs.StringVar(&in.email, "email", "", "the buyer's `address` for mail")
		fs.StringVar(&in.phone, "phone", "", "the buyer's telephone `number`, such as +15595550100")
		fs.StringVar(&in.address, "address", "", `where it goes: "`+"`line, city, STATE zip, CC`"+`", with a country of two letters`)
		fs.BoolVar(&in.dryRun, "dry-run", false, "stop before paying and cancel the checkout, unless --session named it")
		asJSON := fs.Bool("json", false, "print one JSON line on standard output and the story on standard error")
		return func(ctx context.Context, std streams) error { return buy(ctx, std, c, in, *asJSON) }
	}
	return c
}

// purchase is the command line of postern buy.
type purchase struct {
	url, token, version, transport, currency string
	payment, session                         string
	name, email, phone, address              string
	items                                    []shopper.Item
	codes, picks                             []string
	dryRun                                   bool
}

// addItem reads id[:quantity]. An id may hold colons; a quantity stands after the last.
func (p *purchase) addItem(text string) error {
	it := shopper.Item{ID: text, Quantity: 1}
	if i := strings.LastIndexByte(text, ':'); i >= 0 {
		if n, err := strconv.Atoi(text[i+1:]); err == nil {
			it = shopper.Item{ID: text[:i], Quantity: n}
		}
	}
	if it.ID == "" || it.Quantity < 1 {
		return errors.New("want an id, or an id, a colon and a quantity of at least 1")
	}
	p.items = append(p.items, it)
	return nil
}

// person reads for whom to buy; base fills what is not given.
func (p *purchase) person(base shopper.Person) (shopper.Person, error) {
	if p.email != "" {
		base.Email = p.email
	}
	if p.phone != "" {
		base.Phone = p.phone
	}
	if p.name != "" {
		i := strings.LastIndexByte(strings.TrimSpace(p.name), ' ')
		if i < 0 {
			return base, errors.New("--name wants a first and a last name")
		}
		base.First, base.Last = strings.TrimSpace(p.name[:i]), strings.TrimSpace(p.name)[i+1:]
	}
	if p.address != "" {
		parts := strings.Split(p.address, ",")
		for i := range parts {
			parts[i] = strings.TrimSpace(parts[i])
		}
		n := len(parts)
		if n < 4 || len(parts[n-1]) != 2 || slices.Contains(parts, "") {
			return base, errors.New(`--address wants "line, city, STATE zip, CC", such as "1 Analytical Way, Fresno, CA 93650, US"`)
		}
		state, zip, ok := strings.Cut(parts[n-2], " ")
		if !ok {
			return base, errors.New(`--address wants a state and a postal code before the country, such as "CA 93650"`)
		}
		base.Street, base.Street2, base.City = parts[0], strings.Join(parts[1:n-3], ", "), parts[n-3]
		base.State, base.Zip, base.Country = state, strings.TrimSpace(zip), strings.ToUpper(parts[n-1])
	}
	if base.First == "" || base.Email == "" || base.Street == "" {
		return base, errors.New("--name, --email and --address say for whom to buy")
	}
	return base, nil
}

// errand is the purchase as the agent does it. A seller that is not named is the demo that runs.
func (p *purchase) errand(ctx context.Context) (shopper.Errand, error) {
	e := shopper.Errand{
		Options: shopper.Options{
			URL: p.url, Token: p.token, Version: p.version, Transport: shopper.Transport(p.transport), Keys: "buy-" + rand.Text(),
		},
		Session: p.session, Items: p.items, Currency: strings.ToLower(p.currency), Picks: p.picks, Codes: p.codes, DryRun: p.dryRun,
		Clock: clock.System(),
	}
	if p.payment != "" {
		e.Pay = func(context.Context, shopper.Need) (string, error) { return p.payment, nil }
	}
	var someone shopper.Person
	here, err := demo.Attach(ctx)
	if p.url == "" && err != nil {
		return e, fmt.Errorf("name a seller with --url, --token and --item, or start postern demo in another terminal (%w)", demo.ErrNoDemo)
	}
	if err == nil && (p.url == "" || here.Is(p.url)) {
		e.URL, someone = here.URL(), demo.Buyer()
		if e.Token == "" {
			e.Token = here.Token()
		}
		if len(e.Items) == 0 && p.session == "" {
			e.Items = []shopper.Item{{ID: here.Item(), Quantity: 1}}
		}
		if e.Pay == nil {
			e.Pay = here.Mint
		}
	}
	if e.For, err = p.person(someone); err != nil {
		return e, err
	}
	return e, e.Check()
}

func buy(ctx context.Context, std streams, c command, in purchase, asJSON bool) error {
	e, err := in.errand(ctx)
	if err != nil {
		return usage(c, "%s", err)
	}
	screen := std.out
	if asJSON {
		screen = std.err
	}
	e.Narrator = shopper.NewNarrator(screen)
	result, err := e.Run(ctx)
	if asJSON {
		err = errors.Join(err, printJSON(std.out, result))
	}
	if err != nil {
		say(std.err, "\npostern buy: %s\n", result.Error)
		if result.Remedy != "" {
			say(std.err, "%s\n", result.Remedy)
		}
		return errors.Join(errReported, err)
	}
	if result.DryRun {
		say(screen, "\nAll is well: it could be bought.\n")
		return nil
	}
	say(screen, "\nAll is well: the order %s exists.\n", result.OrderID)
	return nil
}
