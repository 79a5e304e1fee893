package mcpapi

import (
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/postern-gateway/postern/gateway/acp"
)

// instructions are for the model that gets the tools.
const instructions = `Buy from this shop for a person. The order of a purchase: create_checkout_session, update_checkout_session until its status is
ready_for_payment, show the buyer every line, the way of delivery and the total and ask for a clear yes, complete_checkout_session once.
Every amount is in minor units of the session's currency: 1999 in usd is 19.99. Each answer holds the whole truth about the session; believe
it and not what you remember. Each new request needs a new meta.idempotency_key; a call that got no answer is repeated with the same key and
payload, and then it is done once. messages[] of type error say what is in the way: resolution recoverable is yours to mend,
requires_buyer_input and requires_buyer_review are the buyer's, so stop and ask. Never invent an address, an e-mail or a payment token.`

// tool is one operation of ACP as MCP has it.
type tool struct {
	name, title, about string
	operation          acp.Operation
	// id and payload say whether the tool takes them; creator is the tool whose answer has the id.
	id, payload need
	creator     string
	body        func() schema // of the payload
	spends      bool          // it moves money or ends something
}

// tools are the five of the binding, and those of carts, which the binding does not have: their arguments follow its pattern.
func tools(carts bool) []tool {
	const session, cart = "create_checkout_session", "create_cart"
	all := []tool{
		{
			name: session, title: "Open a checkout", operation: acp.Create, payload: required, body: createSchema,
			about: "Opens a checkout for items of the shop and answers with its lines, prices, delivery options and payment handlers. Nothing is " +
				"bought. Keep the id. Next: update_checkout_session, until status is ready_for_payment. Amounts are minor units.",
		},
		{
			name: "get_checkout_session", title: "Look at a checkout", operation: acp.Get, id: required, creator: session,
			about: "Answers with the checkout as it is now: its status and, once completed, its order and where that is on its way. Use it when " +
				"you are not sure what happened. It changes nothing.",
		},
		{
			name: "update_checkout_session", title: "Change a checkout", operation: acp.Update, id: required, payload: required, creator: session, body: updateSchema,
			about: "Changes lines, buyer, address, delivery option or discount codes, and answers with the new prices. Send only what changes; lists " +
				"replace what was there. When the total differs from what the buyer agreed to, ask again. Next: complete_checkout_session, " +
				"when status is ready_for_payment.",
		},
		{
			name: "complete_checkout_session", title: "Pay and order", operation: acp.Complete, id: required, payload: required, creator: session, body: completeSchema,
			spends: true,
			about: "Spends the buyer's money: pays the checkout and places the order. Call it only after the buyer saw the lines, the delivery and the " +
				"total and said yes. Repeat it with the same key and payload if no answer came: the buyer is charged once. A declined card, a moved " +
				"price or an item out of stock comes back as a session with messages and without an order: nothing was charged; ask the buyer. " +
				"Status authentication_required: the buyer has to confirm the payment first. service_unavailable: it may still be under way; wait " +
				"the seconds that are named, then repeat it or look with get_checkout_session, and open no other checkout.",
		},
		{
			name: "cancel_checkout_session", title: "Give a checkout up", operation: acp.Cancel, id: required, payload: optional, creator: session, body: cancelSchema,
			spends: true,
			about:  "Ends a checkout that was not completed. It does not cancel an order. A reason is welcome and not needed.",
		},
	}
	if !carts {
		return all
	}
	all[0].body = createFromCartSchema
	return append(all,
		tool{
			name: cart, title: "Open a cart", operation: acp.CartCreate, payload: required, body: cartSchema,
			about: "Opens a cart for items that the buyer is still thinking about, and answers with prices before delivery and taxes. Keep the id. Next: " +
				"create_checkout_session with metadata.cart_id, when the buyer wants to buy.",
		},
		tool{
			name: "get_cart", title: "Look at a cart", operation: acp.CartGet, id: required, creator: cart,
			about: "Answers with the cart as it is now. It changes nothing.",
		},
		tool{
			name: "update_cart", title: "Change a cart", operation: acp.CartReplace, id: required, payload: required, creator: cart, body: cartSchema,
			about: "Replaces the whole cart, and answers with its new prices. Send every line that is to stay.",
		},
		tool{
			name: "cancel_cart", title: "Give a cart up", operation: acp.CartCancel, id: required, payload: optional, creator: cart,
			body:   func() schema { return object("Nothing is needed.", map[string]schema{}) },
			spends: true,
			about:  "Ends a cart.",
		},
	)
}

// listed is the tool as tools/list shows it. There is no output schema: the answer is the session of the version that was asked for, and
// a replay that of the version that was asked first.
func (t tool) listed() *mcp.Tool {
	reads := t.payload == none
	members := map[string]schema{"meta": metaSchema(!reads)}
	needed := []string{"meta"}
	if t.id != none {
		members["id"] = text("The id that " + t.creator + " answered with.")
		needed = append(needed, "id")
	}
	if t.payload != none {
		members["payload"] = t.body()
		if t.payload == required {
			needed = append(needed, "payload")
		}
	}
	closed := false
	return &mcp.Tool{
		Name: t.name, Title: t.title, Description: t.about, InputSchema: object("", members, needed...).with("additionalProperties", closed),
		Annotations: &mcp.ToolAnnotations{
			Title: t.title, ReadOnlyHint: reads, DestructiveHint: &t.spends, IdempotentHint: reads || t.operation == acp.Cancel, OpenWorldHint: &closed,
		},
	}
}

// takes names the tool's arguments.
func (t tool) takes() string {
	names := "meta"
	if t.id != none {
		names += ", id"
	}
	if t.payload != none {
		names += ", payload"
	}
	return names
}
