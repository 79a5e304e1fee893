// Package shop is the demo's shop: a small, deliberately awkward in-house
// system of the kind that was written in 2009 and still takes the orders.
//
// It exists so that a demo and the tests have a shop that was not built for
// Postern. Everything that buys from it goes over HTTP, through the declarative
// adapter; its Go methods are for those who play the shop's staff: a demo that
// ships an order, a test that makes it fail. State is in memory.
//
// Start with [New] and [Serve]; [Shop.Inject] makes it misbehave; [Operations]
// names the calls. The package imports gateway/clock and is imported by the
// demo, by tests and by end-to-end runs only.
//
// # The API
//
// Requests and answers are JSON. Every number in a sheet is text: prices,
// discounts and shipping have two digits, taxes and the grand total are never
// rounded and have four digits or more. Yes and no are "Y" and "N". The one
// currency is USD, prices are net of tax. The shop compares totals rounded half
// up to cents.
//
//	GET    /items                          catalogue
//	GET    /items/{sku}                    one article
//	POST   /cart                           201; new cart, first token and nonce
//	GET    /cart/{id}                      the cart at today's prices
//	DELETE /cart/{id}                      drop it (session, or the shop key)
//	POST   /cart/{id}/lines                {"sku","qty"}: add one article; 201, or 200 when its line existed
//	PUT    /cart/{id}/lines/{line}         {"qty"}
//	DELETE /cart/{id}/lines/{line}
//	POST   /cart/{id}/customer             {"email","phone","ship_to","bill_to"}: replaces all; forgets the shipping choice
//	POST   /cart/{id}/coupon               {"code"}
//	DELETE /cart/{id}/coupon/{code}
//	GET    /cart/{id}/shipping             ways of shipping for the address, with prices; [] where none
//	POST   /cart/{id}/shipping             {"code"}
//	POST   /orders                         201; place
//	GET    /orders?external_ref={ref}      exact look-up, canceled orders too
//	GET    /orders?updated_since={time}&page={n}&per_page={n}
//	GET    /orders/{no}
//	POST   /orders/{no}/payment            {"state","reference","amount"}
//	POST   /orders/{no}/cancel             idempotent; restocks
//	POST   /orders/{no}/refunds/note       {"reference","amount","reason"} or {"refund","reference"}
//	POST   /subscribers                    {"channel","address","opt_in","order","asked"}: idempotent
//	GET    /my-cart/{id}                   HTML for the buyer, who goes on by himself: what is in the cart
//	GET    /my-cart?items={sku}:{n},…      HTML: what such a cart would cost; makes none
//	GET    /my-download/{id}               HTML behind a download's link
//	GET    /my-order/{no}                  HTML for the buyer: number and state only
//	GET    /img/{sku}.svg                  picture
//
// # Sessions and keys
//
// The calls under /orders and /subscribers want the header X-Shop-Key; without it they answer
// 401 with code AUTH. A cart is public, to whoever has its session: each answer
// about a cart, refusals included, carries a new X-Cart-Token and X-Cart-Nonce.
// Reads send the token back, writes the token and the nonce. Only the newest
// pair and the one before it are good; anything older is 403 with code TOKEN or
// NONCE, and the way out is a new cart. POST /cart wants neither. With
// X-Shop-Key, DELETE /cart/{id} works without a session. Placing an order needs
// the key and the cart's id, no session.
//
// # The cart
//
//	→ POST /cart/C1001/lines     {"sku":"SCL-2000","qty":1}        (qty may be text)
//	→ POST /cart/C1001/customer  {"email":"ada@example.com","phone":"","ship_to":{"name":"Ada","street1":"1 Main St","street2":"",
//	                              "city":"Fresno","state":"CA","zip":"93650","country":"US"},"bill_to":null}
//	→ POST /cart/C1001/coupon    {"code":"SAVE10"}
//	→ POST /cart/C1001/shipping  {"code":"standard"}
//	← each: {"status":"OK","cart":{"id":"C1001","customer":{"email":"ada@example.com","phone":"","ship_to":{…},"bill_to":null},
//	   "currency":"USD",
//	   "lines":[{"line":"1","sku":"SCL-2000","title":"Brass Pour-Over Scale, 0.1 g","description":"…","image":"http://…/img/SCL-2000.svg",
//	     "qty":"1","price":"59.99","amount":"59.99","discount":"6.00","tax":"4.454175","in_stock":"25","shipped":"0"}],
//	   "coupons":[{"code":"SAVE10","label":"10 % off everything","kind":"percent","off":"10","discount":"6.00","problem":"",
//	     "lines":[{"line":"1","amount":"6.00"}]}],
//	   "shipping":{"code":"standard","label":"Standard Ground","carrier":"UPS","days":"3-5","price":"6.00","tax":"0.4950"},
//	   "tax_rate":"0.0825","tax_final":"Y",
//	   "totals":{"items":"59.99","discount":"6.00","shipping":"6.00","tax":"4.949175","grand":"64.939175"}}}
//
// Lines also show "weight_g", "max_qty", "depot", and where there are some "wrap", "traits" and "disclosure". What a sheet has beyond
// the example:
//
//	"parcels":[{"parcel":"house","lines":["1","2"],"shipping":{…}|null},{"parcel":"press","lines":["3"],"shipping":{…}|null},
//	   {"parcel":"download","lines":["4"],"shipping":{…}}]
//	"rebates":[{"id":"THREE-MUGS","label":"A tenth off from three","percent":"10","discount":"3.60","lines":[{"line":"5","amount":"3.60"}]}]
//	"fees":[{"label":"Bottle deposit","amount":"0.50"}]
//	"notices":[{"code":"AGE","line":"2","text":"<p>You must be <strong>18 or older</strong>…</p>"}]
//	"totals":{…,"wrap":"4.50","fees":"0.50"}
//
// A cart has a parcel for each depot that it needs: house, press, van, download, in this order. Each has ways of its own; POST shipping
// sets the way of the parcel that the code belongs to and leaves the others. A download needs no choice and no address: a cart of
// nothing else is ordered without a customer's ship_to. "shipping" is the way of the first parcel that is no download. Rebates, fees,
// notices, wrap and fees of totals are left out where there are none. Rebates come before codes; wrapping is taxed, fees and downloads
// are not. items - discount + shipping + wrap + fees + tax = grand. Notices: LOW warns; AGE, SIGNIN and APPROVAL refuse the order
// with NOTICE, and the buyer goes on at /my-cart/{id}.
//
// "amount" is price times quantity before discount; "tax" is that line's tax
// after discount; totals.tax is the sum of the lines' tax and shipping.tax;
// items - discount + shipping + tax = grand. "shipping" is null until chosen
// and again after each call of customer. "tax_final" is "N" without an address.
// Adding an article that is in the cart adds to its line.
//
//	→ GET /cart/C1001/shipping
//	← {"status":"OK","methods":[{"code":"standard","label":"Standard Ground","carrier":"UPS","days":"3-5","price":"6.00","tax":"0.4950"},
//	                            {"code":"express","label":"Express Overnight","carrier":"FedEx","days":"1","price":"17.30","tax":"1.42725"}]}
//
// Each method also has "kind", "parcel" and "lines", and where it applies "place", "from", "until", "radius_miles", "center_zip":
//
//	house:    standard 4.90 + 1.10/kg, express 14.90 + 2.40/kg (kind parcel)
//	          counter (pickup, zips 939… and 950…), free; courier (zips 939…), 8.50
//	press:    tube 3.80 + 0.90/kg, tube-fast 9.60 + 1.40/kg (parcel)
//	van:      dock (pickup, zips 939… and 950…), free; van (courier, zips 939…), 60.00; nothing elsewhere
//	download: download, free
//
// Only US addresses are served; any other country is taken and gets
// "methods":[]. Express does not fly to AK and HI. Sales tax, on items and on
// shipping: CA 8.25 %, NY 8.875 %, OR none, other states 5 %, abroad none.
//
// Codes: SAVE10 (10 %), WELCOME5 (5.00 off), BIG20 (20 % from 150.00 of items),
// SUMMER09 (expired), FIRST100 (used_up), CLUB15 (login), STAFF30 (person: e-mails of harborfinch.example only), MUGS10 (already, where
// the rebate of the mugs applies; else 10 %). At most one percentage per cart. A code that is entered
// twice counts once. A code whose minimum is no longer reached stays in the
// cart with "problem":"minimum" and discount 0.00, and the order is refused.
//
// Articles: KET-0900 89.00, GRN-0250 17.50, CUP-0002 34.95, SCL-2000 59.99,
// FLT-0100 6.45, APR-LIN1 42.00 (three left); MUG-2009 is discontinued.
// Those leave the house by parcel and ask for nothing special. The others do:
//
//	MUG-2026  12.00  three or more in a line: a tenth off by itself, rebate THREE-MUGS; trait Glaze
//	TEE-000M  24.00  plain goods with the traits Size and Colour, and HTML in its words
//	EBK-POUR  14.00  depot download: no address, no shipping, no tax; a link and a licence when it is paid
//	PST-HARB  28.00  depot press: sent by the printer, in a parcel of its own with ways and prices of its own
//	WIN-0750  32.00  notice AGE: not to be ordered by a machine, only on the cart's page; a disclosure
//	VIP-2026  60.00  notice SIGNIN, likewise; depot download; one for each order
//	GFT-BOX2  58.00  and 4.50 for each to be wrapped: totals.wrap
//	BTL-0330   4.80  and 0.25 for each as a fee, "Bottle deposit"; a disclosure
//	ROA-5000 890.00  depot van: fetched at the dock or brought by the van, near the shop only; fee 25.00 for each, "Two people to carry";
//	                 three of them reach 2500.00 of items, from where notice APPROVAL holds the cart
//	RAR-0001  45.00  two left: notice LOW, a warning that stops nothing
//	OUT-0001  39.00  none left
//
// "in_stock" is what stands on the shelf. A cart holds its pieces of that for 20
// minutes from the last call about it, or as many of them as other carts leave;
// of those that are missing nobody is told before the order, which is refused
// with STOCK. What a cart holds is free again when those minutes are over, when
// the cart is dropped, and when it is ordered.
//
//	→ GET /items/SCL-2000
//	← {"status":"OK","item":{"sku":"SCL-2000","title":"…","description":"…","image":"http://…","price":"59.99","currency":"USD",
//	   "weight_g":"640","in_stock":"25","max_qty":"3","sold":"Y"}}
//
// # Orders
//
//	→ POST /orders {"cart":"C1001","external_ref":"acp-7","expected_total":"64.94",
//	                "payment":{"state":"authorized","provider":"stripe","reference":"pi_1","amount":"64.94"}}
//	← 201 {"status":"OK","order":{"number":"200901","external_ref":"acp-7","url":"http://…/my-order/200901","cart":"C1001","state":"pending",
//	   "customer":{…},"currency":"USD","lines":[…],"coupons":[…],"shipping":{…},"tax_rate":"0.0825","tax_final":"Y","totals":{…},
//	   "payment":{"state":"authorized","provider":"stripe","reference":"pi_1","amount":"64.94"},
//	   "shipments":[],"refunds":[],"placed_at":"2026-11-22 07:08:47","updated_at":"2026-11-22 07:08:47","updated_unix":1795331327,"revision":1}}
//
// Placing is not idempotent: the cart stays, and the same call again makes
// another order with the same external_ref. Look the reference up first.
// expected_total is optional, exact or rounded; another total is refused with
// PRICE. payment.state is none, authorized or paid, and may be left out.
//
// An order's state is pending, paid, picking, shipped, delivered or canceled.
// payment.state is none, authorized, paid, void or failed.
// Lines, coupons, shipping and totals have the form that they have in a cart,
// frozen at placing; "shipped" counts the pieces that have left.
//
//	→ GET /orders?external_ref=acp-7
//	← {"status":"OK","page":1,"pages":1,"count":1,"orders":[{…whole order…}]}     (none: "count":0,"orders":[])
//	→ GET /orders?updated_since=2026-11-22+07:00:00&page=1&per_page=50
//	← the same form; at or after that second, ascending by (updated_at, number); per_page is 20, at most 100
//	→ GET /orders/200901
//	← {"status":"OK","order":{…}}
//	→ POST /orders/200901/payment {"state":"paid","reference":"pi_1","amount":"64.94"}
//	← {"status":"OK","order":{…,"state":"paid","payment":{"state":"paid",…}}}
//
// Times are UTC as "2026-11-22 07:08:47"; updated_since also reads RFC 3339 and
// Unix seconds. Payment state is paid, void or failed; the same reference and
// state twice is one note; paid wants the total rounded to cents, else AMOUNT;
// a paid order takes no other note (PAYMENT), a canceled one no payment (STATE).
// void and failed leave the order's state alone: cancel it as well.
// Cancel twice is cancel once; an order of which anything has left is refused with STATE.
//
//	"shipments":[{"id":"S7001","carrier":"UPS","tracking_no":"1Z999","tracking_url":"https://track.example/1Z999","state":"shipped",
//	   "sent_at":"2026-11-22 08:00:00","delivered_at":"","lines":[{"line":"1","sku":"SCL-2000","qty":"1"}]}]
//	"returns":[{"id":"B8001","at":"2026-11-25 09:00:00","reason":"chipped","lines":[{"line":"1","sku":"SCL-2000","qty":"1"}]}]
//	"refunds":[{"id":"R5001","amount":"20.00","reason":"dented lid","source":"office","reference":"","made_at":"2026-11-22 09:00:00"}]
//
// An order has a shipment for each parcel, once that has left: "kind" is parcel, pickup, courier or download, "state" shipped, out (with
// the courier), ready (to be fetched) or delivered, and "log" [{"no","at","what","note"}] tells what happened to it: shipped, out,
// ready, missed, delivered, collected. A download is delivered the moment the order is paid, with "link" and "license". The order is
// picking while parcels are left, shipped when all have gone, delivered when all have arrived.
//
// A refund with source "office" was decided in the shop, which moves no money
// itself. One with source "noted" was made elsewhere and told to the shop: it
// is no new refund for whoever told it. A note names the payment provider's
// reference, once; with "refund" it settles an office refund, without it adds a
// noted one.
//
// # Refusals
//
// {"status":"ERROR","code":…,"message":…} and members that depend on the code.
// The HTTP status is whatever the author felt like that week:
//
//	200 ITEM      sku, reason: unknown | discontinued
//	200 COUPON    coupon, reason: unknown | expired | used_up
//	422 COUPON    coupon, reason: minimum (minimum) | combination | login | person | already; at placing any of them
//	422 QTY       sku, max when there is one
//	409 STOCK     sku, available
//	422 ADDRESS   field: country | state | zip | city | street1 | ship_to (missing)
//	422 BUYER     field: email
//	422 SHIPPING  reason: not_offered | not_chosen
//	409 CART      reason: gone | empty   (placing; elsewhere an unknown cart is the 404 page)
//	409 PRICE     total
//	422 PAYMENT   field; 409 with reason: paid
//	422 AMOUNT    field, total
//	422 REFUND    field
//	422 NOTICE    reason: AGE | SIGNIN | APPROVAL   (placing)
//	422 SUBSCRIBER field
//	409 STATE     state
//	403 TOKEN, 403 NONCE, 401 AUTH, 400 REQUEST (422 for an unreadable updated_since), 429 BUSY (with Retry-After)
//
// Anything unknown is an HTML page with 404, any breakdown an HTML page with
// 500, a closed shop an HTML page with 503.
//
// # Control
//
// /_control wants the header X-Control-Key and does what the Go methods do. It
// answers {"ok":true}, with "id" where there is one; 404, 409 or 422 with a
// message otherwise. Bodies take no members but these:
//
//	GET    /_control/state                    {"orders","live","duplicates","stock":{sku:n},"held":{sku:n},"calls":{operation:{"arrived","acted"}},"faults":[…]}
//	GET    /_control/orders[?external_ref=]   {"orders":[…]}
//	POST   /_control/faults                   {"operation","kind","times","skip","percent","delay_ms","bytes","sku","price"}
//	DELETE /_control/faults
//	POST   /_control/price                    {"sku","price":"80.00"}
//	POST   /_control/stock                    {"sku","stock":0}
//	POST   /_control/carts/{id}/vanish
//	POST   /_control/orders/{no}/pick
//	POST   /_control/orders/{no}/ship         {"carrier","tracking_no"}
//	POST   /_control/orders/{no}/ready        lays out what the buyer fetches
//	POST   /_control/orders/{no}/miss         nobody was at home
//	POST   /_control/orders/{no}/deliver      all that left has arrived or was fetched
//	POST   /_control/orders/{no}/return       {"sku","qty":1,"reason"}; of a delivered order; id is the return's
//	POST   /_control/carts/{id}/order         the buyer orders and pays the cart by hand; id is the order's number
//	GET    /_control/subscribers              {"subscribers":[{"channel","address","opt_in","order","asked","at","changes"}]}
//	POST   /_control/orders/{no}/cancel
//	POST   /_control/orders/{no}/refund       {"amount":"20.00","reason"}; id is the refund's
//	POST   /_control/orders/{no}/duplicate    id is the twin's number
//
// Operations: item.list item.get cart.create cart.get cart.delete cart.line_add
// cart.line_set cart.line_delete cart.customer cart.coupon_add
// cart.coupon_delete cart.shipping_list cart.shipping_set order.place
// order.find order.list order.get order.payment order.cancel
// order.refund_note subscriber.set; "order.*" means a family and "*" all.
//
// Kinds of fault: slow slow_answer hang error_before error_after cut_before
// cut_after cut_middle late drip huge html broken_json duplicate_keys
// wrong_currency negative_price off unauthorized rate_limited sell_out reprice
// vanish twice; [Kind] says what each does. A fault hits one call unless
// "times" says more; -1 is until cleared.
package shop
