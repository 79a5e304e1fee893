package telemetry

import "go.opentelemetry.io/otel/attribute"

// Scope is the instrumentation scope of every span and metric of the gateway.
const Scope = "github.com/postern-gateway/postern"

// Spans. A trace of a complete runs from the server's span through SpanDecode, the steps of the saga, the
// calls to shop and processor, and SpanEncode. Deliveries are traces of their own, linked to it.
const (
	SpanDecode = "acp.decode" // wire bytes to commerce, by one ACP date
	SpanEncode = "acp.encode" // commerce to wire bytes

	SpanSagaPrefix = "saga." // followed by the step: saga.authorizing, saga.placing, …
	SpanShopPrefix = "shop." // followed by the adapter's operation: shop.quote, shop.place_order, …

	SpanDeliver = "relay.deliver" // one attempt of one event
	SpanPoll    = "relay.poll"    // one look at a shop's changed orders
	SpanRefund  = "relay.refund"  // one step of a refund that a shop decided
)

// Metrics.
const (
	// MetricDeviations counts calls that a date does not allow and that were read all the same, by agent, version and deviation. Its
	// unit is one deviation in one call.
	MetricDeviations = "postern.acp.deviations"
)

// Attributes. These, and the ones of the HTTP conventions below, are all that leaves with a span. None of them ever
// holds a token, a key, a buyer's data or a body.
const (
	AttrAgent     = attribute.Key("postern.agent")            // name in gateway.yaml
	AttrShop      = attribute.Key("postern.shop")             // name in gateway.yaml
	AttrOperation = attribute.Key("postern.operation")        // create, update, …, or the operation of an adapter
	AttrVersion   = attribute.Key("postern.acp.version")      // ACP date of the request or event
	AttrSession   = attribute.Key("postern.session.id")       // our session id
	AttrCart      = attribute.Key("postern.cart.id")          // our cart id
	AttrOrder     = attribute.Key("postern.order.id")         // our order id
	AttrPayment   = attribute.Key("postern.payment.id")       // the processor's id of the payment, which opens nothing
	AttrAttempt   = attribute.Key("postern.attempt")          // attempt of the saga, from 1
	AttrFault     = attribute.Key("postern.fault")            // kind of the fault, one of a closed set
	AttrReplayed  = attribute.Key("postern.replayed")         // true when a stored answer was sent again
	AttrEvent     = attribute.Key("postern.event.id")         // id of an outgoing event
	AttrEventType = attribute.Key("postern.event.type")       // order_create or order_update
	AttrDelivery  = attribute.Key("postern.delivery.attempt") // attempt of a delivery, from 1
	AttrDeviation = attribute.Key("postern.acp.deviation")    // name of a shape that the date does not have, one of a closed set
	AttrPeer      = attribute.Key("postern.peer")             // shop, stripe or agent
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
	case AttrAgent, AttrShop, AttrOperation, AttrVersion, AttrSession, AttrCart, AttrOrder, AttrPayment, AttrAttempt,
		AttrFault, AttrReplayed, AttrEvent, AttrEventType, AttrDelivery, AttrDeviation, AttrPeer,
		AttrHTTPMethod, AttrHTTPRoute, AttrHTTPStatus, AttrHTTPProtocol, AttrServerAddress, AttrServerPort, AttrScheme,
		AttrErrorType:
		return true
	}
	return false
}
