package telemetry

import "go.opentelemetry.io/otel/attribute"

// Scope is the instrumentation scope of every span and metric of the gateway.
const Scope = "github.com/postern-gateway/postern"

// Spans. A trace of a complete runs from the server's span through SpanDecode, SpanComplete, the steps of the saga, the
// calls to shop and processor, and SpanEncode. Deliveries are traces of their own, linked to it.
const (
	SpanDecode = "acp.decode" // wire bytes to commerce, by one ACP date
	SpanEncode = "acp.encode" // commerce to wire bytes

	SpanCreate   = "checkout.create"
	SpanGet      = "checkout.get"
	SpanUpdate   = "checkout.update"
	SpanComplete = "checkout.complete"
	SpanCancel   = "checkout.cancel"
	SpanExpire   = "checkout.expire"
	SpanRecover  = "checkout.recover" // one open saga taken up after a crash or an unknown outcome

	SpanSagaPrefix    = "saga."    // followed by the step: saga.authorizing, saga.placing, …
	SpanShopPrefix    = "shop."    // followed by the adapter's operation: shop.quote, shop.place_order, …
	SpanPaymentPrefix = "payment." // followed by the processor's operation: payment.authorize, …

	SpanDeliver = "relay.deliver" // one attempt of one event
	SpanPoll    = "relay.poll"    // one look at a shop's changed orders
	SpanRefund  = "relay.refund"  // one step of a refund that a shop decided
)

// Attributes. These, and the ones of the HTTP conventions below, are all that leaves with a span. None of them ever
// holds a token, a key, a buyer's data or a body.
const (
	AttrAgent      = attribute.Key("postern.agent")            // name in gateway.yaml
	AttrShop       = attribute.Key("postern.shop")             // name in gateway.yaml
	AttrAdapter    = attribute.Key("postern.adapter")          // name of the adapter
	AttrOperation  = attribute.Key("postern.operation")        // create, update, …, or the operation of an adapter
	AttrVersion    = attribute.Key("postern.acp.version")      // ACP date of the request or event
	AttrSession    = attribute.Key("postern.session.id")       // our session id
	AttrOrder      = attribute.Key("postern.order.id")         // our order id
	AttrPayment    = attribute.Key("postern.payment.id")       // the processor's id of the payment, which opens nothing
	AttrAttempt    = attribute.Key("postern.attempt")          // attempt of the saga, from 1
	AttrStep       = attribute.Key("postern.step")             // step of the saga
	AttrOutcome    = attribute.Key("postern.outcome")          // done, refused or unknown
	AttrFault      = attribute.Key("postern.fault")            // kind of the fault, one of a closed set
	AttrReplayed   = attribute.Key("postern.replayed")         // true when a stored answer was sent again
	AttrEvent      = attribute.Key("postern.event.id")         // id of an outgoing event
	AttrEventType  = attribute.Key("postern.event.type")       // order_create or order_update
	AttrDelivery   = attribute.Key("postern.delivery.attempt") // attempt of a delivery, from 1
	AttrPeer       = attribute.Key("postern.peer")             // shop, stripe or agent
	AttrLineItems  = attribute.Key("postern.line_items")       // number of lines of a session
	AttrReadCache  = attribute.Key("postern.catalogue.hit")    // true when the catalogue cache answered
	AttrBreakState = attribute.Key("postern.breaker.state")    // closed, half-open or open
)

// Attributes of the OpenTelemetry HTTP conventions (opentelemetry.io/docs/specs/semconv/http, v1.43, read 2026-11-22).
// url.full, url.path and url.query are missing on purpose: Stripe's paths hold the payment token.
const (
	AttrHTTPMethod    = attribute.Key("http.request.method")
	AttrHTTPRoute     = attribute.Key("http.route")
	AttrHTTPStatus    = attribute.Key("http.response.status_code")
	AttrHTTPProtocol  = attribute.Key("network.protocol.version")
	AttrServerAddress = attribute.Key("server.address")
	AttrServerPort    = attribute.Key("server.port")
	AttrScheme        = attribute.Key("url.scheme")
	AttrErrorType     = attribute.Key("error.type")
)

// Allowed reports whether an attribute may leave with a span.
func Allowed(key attribute.Key) bool {
	switch key {
	case AttrAgent, AttrShop, AttrAdapter, AttrOperation, AttrVersion, AttrSession, AttrOrder, AttrPayment, AttrAttempt,
		AttrStep, AttrOutcome, AttrFault, AttrReplayed, AttrEvent, AttrEventType, AttrDelivery, AttrPeer, AttrLineItems,
		AttrReadCache, AttrBreakState,
		AttrHTTPMethod, AttrHTTPRoute, AttrHTTPStatus, AttrHTTPProtocol, AttrServerAddress, AttrServerPort, AttrScheme,
		AttrErrorType:
		return true
	}
	return false
}

// Metric is the name of a metric with its UCUM unit and what it counts.
type Metric struct {
	Name, Unit, Description string
}

// Metrics of the gateway itself. The server's request durations follow the HTTP conventions and come beside these.
var (
	// MetricSagaDuration is a histogram; attributes AttrShop, AttrOutcome.
	MetricSagaDuration = Metric{"postern.saga.duration", "s", "time from the intent to the end of a completion"}
	// MetricSagaOpen is an up-down counter; attribute AttrShop.
	MetricSagaOpen = Metric{"postern.saga.open", "{saga}", "completions whose outcome is open"}
	// MetricSagaOperator is an up-down counter; attribute AttrShop. Anything above zero wants a person.
	MetricSagaOperator = Metric{"postern.saga.needs_operator", "{saga}", "completions that only a person can end"}
	// MetricShopDuration is a histogram; attributes AttrShop, AttrOperation, AttrOutcome.
	MetricShopDuration = Metric{"postern.shop.duration", "s", "time of one call to a shop"}
	// MetricPaymentDuration is a histogram; attributes AttrOperation, AttrOutcome.
	MetricPaymentDuration = Metric{"postern.payment.duration", "s", "time of one call to the payment processor"}
	// MetricDeliveries is a counter; attributes AttrAgent, AttrEventType, AttrOutcome.
	MetricDeliveries = Metric{"postern.delivery.attempts", "{attempt}", "attempts to deliver an event"}
	// MetricOutboxAge is a gauge; attribute AttrAgent. It is the one to alert on.
	MetricOutboxAge = Metric{"postern.outbox.oldest_age", "s", "age of the oldest undelivered event"}
	// MetricDeadLetters is a counter; attribute AttrAgent.
	MetricDeadLetters = Metric{"postern.delivery.dead", "{event}", "events given up after the last attempt"}
)
