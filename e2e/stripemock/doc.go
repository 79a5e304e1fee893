// Package stripemock compares the stateful Stripe of gateway/payment/stripetest with Stripe's own published mock and OpenAPI
// description, so that the answers that Postern is tested with have the shape of the real ones, and the requests that Postern
// sends are ones that Stripe's description allows.
//
// It has tests only, behind the build tag e2e. They build github.com/stripe/stripe-mock through the Go module proxy into a cache
// folder outside the checkout (POSTERN_CI_CACHE, otherwise the user's) and start it on loopback.
//
// The mock keeps no state and describes a later API than the SDK does. It refuses the documented payment with a token, because its
// description requires payment_method_data[type], which Stripe's own example does not send; that one request is therefore compared
// without its token.
package stripemock
