// Package gateway is Postern: a gateway that a seller places in front of the shop that is already there, so that AI agents can buy
// from it over the Agentic Commerce Protocol. This comment is the tour. Read it once from top to bottom, then follow the links.
//
// The promise is one line long: one order and one charge per checkout, or neither; never an outcome that nobody knows of.
//
// # From the outside in
//
// [New] wires everything, bottom up and in a straight line; there is no registry and no container, so what runs is what stands there.
// [Check] finds what a configuration file cannot know about itself. A call then takes this way:
//
//   - [httpapi.NewHandler] is the REST shell: paths, methods, media types, sizes, and [httpapi.Discovery], which tells what is
//     configured and nothing else. It knows HTTP and nothing of the protocol's meaning.
//   - [mcpapi.New] is the MCP shell: tools for paths, the same pipeline. It is stateless, because what lasts is the ACP session.
//   - [acp.Pipeline.Do] is the one pipeline of a call, whatever carried it: agent, version, limits, buyer, signature, idempotency claim,
//     decode, service, encode. Its fault table is the only place where a kind of fault becomes a status and a code. [limits.Limiter],
//     [signing.Verifier] and [identity.Prover] are asked there and nowhere else.
//   - [translate.Version] is one date of the protocol as pure functions. Wire JSON exists below that folder only; everything above
//     speaks [commerce.Session], [commerce.Quote] and [commerce.Order]. All dates are read by one reader in translate/reader.
//   - [checkout.Service] is create, read, update, complete and cancel. Completing is a saga, and [checkout.Steps] is its table: what
//     each step does outside, under which key, and where each outcome leads. Begin there when you want to know whether money is safe.
//   - [carts.Service] keeps what an agent puts together before there is a checkout, and gives it back to the shop in the end.
//   - [handoff.Signer] makes the addresses by which a buyer leaves the agent and goes on in the shop; its package says what follows.
//   - [upstream.Shop] is the shop behind a deadline, a circuit breaker, a catalogue cache and spans, once for all shops.
//   - [adapters.Adapter] is the contract with a shop: a value of functions. Most shops are reached by one that is made from YAML, by
//     [github.com/postern-gateway/postern/adapters/declarative.New]; docs/declarative.md is its reference.
//   - [payment.Processor] is the contract with whoever holds the money; [stripepay.Processor] is the one that redeems Shared Payment
//     Tokens. The only importer of Stripe's library is that package.
//   - [store.Store] is the contract with memory. Its one write, Commit, takes a batch that happens as a whole or not at all.
//   - [relay.Relay] carries order events to agents, and [relay.Intake] brings the shop's changes in; [relay.Refunds] moves the money of
//     refunds that a shop decided.
//
// # A session's states
//
//	          create                       complete: intent
//	(none) ───────────► not_ready ◄──────► ready ───────────► complete_in_progress ──► completed
//	                        │     update     │  ▲                       │
//	                        │                │  └───────────────────────┘
//	                        ▼                ▼     undone: declined, refused, out of stock, price moved
//	                    canceled / expired  canceled / expired
//
// Three more states stand where ready would: authentication_required until a result of 3-D Secure came, requires_escalation and
// pending_approval while a person must act, be it the buyer who went on in the shop or the seller. An update leaves each of them.
//
// From the intent on, the session is bound to its attempt: update and cancel answer 409 and expiry passes it by. It opens again only
// when the hold was read back canceled, and it is completed in the same commit that stores the order, the first event and the answer.
//
// # What makes it safe
//
// The rules are S1 to S18 of the design and are named where they are kept, most of them in package checkout; each has a test that
// carries its number. They come down to four habits. The intent is written before the deed and the outcome after it. Every deed has a
// key that belongs to the attempt, never to the agent's token. A timeout is unknown, and unknown is found out and never taken for no.
// What cannot be found out is left to a person, loudly, with the session held still.
//
// # Decisions, and what was not chosen
//
// One SQLite file with full synchronisation and group commit keeps sessions, sagas, answers and the outbox, because an event must
// commit with the order that it is about; a broker or a workflow engine would be a second store. The outbox and the saga are our own
// tables for the same reason, and because they resume within milliseconds of a crash.
//
// Every body in that file is sealed, not the payment token alone. Sessions hold names and addresses, and a backup travels further than
// anybody plans; sealing all of them costs microseconds and leaves no list of exceptions to get wrong.
//
// Choosing the cheapest fulfillment option, and setting a refused wish aside (a code, an address, a line out of stock) so that the rest
// can be priced, is done once in checkout and not by each adapter: an agent needs a session to repair, and an adapter that only says
// what was refused is enough for it.
//
// The agent's order id is the shop's own order number, because buyers read it to the shop's support. An order's totals stay what was
// agreed when it is refunded; what went back stands beside them.
//
// What no rounding of a shop's exact amounts explains fails closed. A residual of a unit for each line goes to tax; where a shop charges
// no tax, or tax would turn negative, it goes to the lines' prices, because such carts are honest and would otherwise never be sold.
//
// A shop's words about an item (names, pictures, its own ids) are cached by [upstream.Shop] and reach the adapter with every quote;
// prices and stock never are.
//
// A purchase under way is frozen for one payment account and one shop, by the shop's identity (adapter and address) and not by its name
// in the configuration: a look-up in another shop would prove that there is no order where there is one. When either moved, the purchase
// waits for a person; what was begun before shops had identities goes on.
//
// A capture that was held up reads the order first, and takes nothing for an order that the shop has canceled or will not show: a shop
// sells on while we wait, and a refund is a worse answer than a hold that ends. Reading before every capture would only cost the usual
// purchase a call.
//
// An attempt whose call to place was ever in doubt is searched for orders after it was undone, as a completed one is: no quarantine is
// longer than every queue. What nobody has paid for is canceled, what somebody has is left to a person, and its cart is kept until then.
// An answer to placing that nobody can explain is such a doubt, although it undoes the attempt as a refusal does.
//
// Unanswered idempotency claims live in memory: they belong to one process (S17) and would be void at its next start, so that writing
// them down would only cost a commit for every request. What was answered is in the file.
//
// An idempotency claim is of an agent, a shop, a path and a key, where the design has no shop, and sessions are found at their shop alone:
// a host tells sellers apart, and a shop that has one is reached there and nowhere else.
//
// Requests are answered in their own date and events in the date of the agent's subscription, from one canonical model. Nothing binds
// a session to the date that created it.
//
// One reader serves all dates, where the design had one in each folder: agents mix shapes whatever date they name. What a date does not
// have is counted, so that it is seen. The writers share translate/write, so that none is written twice. An error's param names the place
// as it was sent, over MCP too, because a stored answer is replayed to the letter over both.
//
// No date has a member that makes a checkout from a cart; metadata.cart_id is it.
//
// A saved card's handler says requires_delegate_payment: false, where the RFC of seller-backed handlers says true. The handler itself
// names the card, and who may use it was proven with the call: there is nothing to tokenize, and no place to do so. Gift cards, points and
// store credit are not offered, because nobody says how a seller opens the token that would carry them.
//
// A buyer who has left for the shop may order there, and nobody tells when. So the session is theirs until the agent takes it back by an
// update, onto a new cart; until then a complete is a conflict.
//
// That address is stored with the session and given again while it lasts, so that reading a session repeats what was told.
//
// A declined payment leaves a session ready, although the shop wants an authentication: the next complete asks for it, and the agent sees
// the decline. Consents are told to the shop by a saga of their own, because nothing of a purchase may wait for them.
//
// An agent's limits are a map made with the configuration, where the design had a cache: the agents are a closed set.
//
// A saved cart ends in the store before its shop is asked to take it back. Shops that share a host are told of together by discovery, by
// what all of them can do.
//
// Several fees are shown as one row with all their names, because agents read the first row of a type only. A shop's HTML becomes plain
// text in the adapter; order notes with raw HTML are refused, because an old shop may show them to its people as they are.
//
// Retries live in the saga and in the relay only. SDK retries are off, and writes go out with a body that Go's transport cannot send a
// second time, because it does so by itself when it sees an Idempotency-Key on a connection that died.
//
// The conformance suite sees money and orders through a contract over HTTP and not through Go, so that any seller's test environment can
// offer it; [Gateway.Session] exists for it and the demo alone. The agent of demo and postern buy shares no types with translate either.
//
// # What may import what
//
// Arrows go down only, and the law is a test in cmd/postern: commerce and clock at the bottom, then the contracts, the adapters and
// dates, upstream and translate, checkout beside relay and carts, acp, the shells, this package, the program.
package gateway
