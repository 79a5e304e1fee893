package stripetest

import (
	"fmt"
	"net/http"
)

// Error types of Stripe's API. Source: docs.stripe.com/api/errors.
const (
	typeAPI         = "api_error"
	typeCard        = "card_error"
	typeIdempotency = "idempotency_error"
	typeInvalid     = "invalid_request_error"
)

// apiError is the inner object of Stripe's error answer. Members that do not apply are left out, as Stripe does.
type apiError struct {
	status int

	Charge        string         `json:"charge,omitempty"`
	Code          string         `json:"code,omitempty"`
	DeclineCode   string         `json:"decline_code,omitempty"`
	DocURL        string         `json:"doc_url,omitempty"`
	Message       string         `json:"message,omitempty"`
	Param         string         `json:"param,omitempty"`
	PaymentIntent *paymentIntent `json:"payment_intent,omitempty"`
	Type          string         `json:"type"`
}

type errorBody struct {
	Error *apiError `json:"error"`
}

func docURL(code string) string {
	if code == "" {
		return ""
	}
	return "https://stripe.com/docs/error-codes/" + code
}

func invalidRequest(code, message string) *apiError {
	return &apiError{status: http.StatusBadRequest, Type: typeInvalid, Code: code, DocURL: docURL(code), Message: message}
}

func invalidParameter(code, name, message string) *apiError {
	e := invalidRequest(code, message)
	e.Param = name
	return e
}

func unknownParameter(name string) *apiError {
	return invalidParameter("parameter_unknown", name, "Received unknown parameter: "+name)
}

func missingParameter(name string) *apiError {
	return invalidParameter("parameter_missing", name, "Missing required param: "+name+".")
}

func missingObject(noun, id, name string) *apiError {
	e := invalidParameter("resource_missing", name, fmt.Sprintf("No such %s: '%s'", noun, id))
	e.status = http.StatusNotFound
	return e
}

func unrecognized(method, path string) *apiError {
	return &apiError{
		status:  http.StatusNotFound,
		Type:    typeInvalid,
		Message: fmt.Sprintf("Unrecognized request URL (%s: %s). Please see https://stripe.com/docs.", method, path),
	}
}

func unauthorized(message string) *apiError {
	return &apiError{status: http.StatusUnauthorized, Type: typeInvalid, Message: message}
}

func internalError() *apiError {
	return &apiError{status: http.StatusInternalServerError, Type: typeAPI, Message: "An unknown error occurred"}
}

func unavailable() *apiError {
	return &apiError{status: http.StatusServiceUnavailable, Type: typeAPI, Message: "Stripe is temporarily unavailable"}
}

func rateLimited() *apiError {
	return &apiError{
		status: http.StatusTooManyRequests, Type: typeInvalid, Code: "rate_limit", DocURL: docURL("rate_limit"),
		Message: "Request rate limit exceeded.",
	}
}

func keyInUse(key string) *apiError {
	return &apiError{
		status: http.StatusConflict, Type: typeIdempotency, Code: "idempotency_key_in_use", DocURL: docURL("idempotency_key_in_use"),
		Message: "There is currently another in-progress request using this Idempotent Key: " + key,
	}
}

func keyReused(message string) *apiError {
	return &apiError{status: http.StatusBadRequest, Type: typeIdempotency, Message: message}
}

// unexpectedState says that a PaymentIntent's status forbids the call. Stripe nests the intent.
func unexpectedState(pi *intent, verb, allowed string) *apiError {
	e := invalidRequest("payment_intent_unexpected_state", fmt.Sprintf(
		"This PaymentIntent could not be %s because it has a status of %s. Only a PaymentIntent with one of the following statuses may be %s: %s.",
		verb, pi.status, verb, allowed))
	e.PaymentIntent = pi.wire(nil)
	return e
}
