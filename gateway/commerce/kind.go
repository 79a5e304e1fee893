package commerce

// kindNames are the words for logs and spans.
var kindNames = map[Kind]string{
	Unexpected: "unexpected", PriceChanged: "price_changed", OutOfStock: "out_of_stock", ItemUnavailable: "item_unavailable",
	CouponRejected: "coupon_rejected", AddressRejected: "address_rejected", NoShipping: "no_shipping", OptionGone: "option_gone",
	BuyerRejected: "buyer_rejected", AlreadyPlaced: "already_placed", CartGone: "cart_gone", Rejected: "rejected",
	Unsupported: "unsupported", Unexplained: "unexplained", OrderGone: "order_gone", Indeterminate: "indeterminate", RateLimited: "rate_limited", Unauthorized: "unauthorized",
	Temporary: "temporary", Invalid: "invalid", NotFound: "not_found", Conflict: "conflict", NotCancelable: "not_cancelable",
	Unavailable: "unavailable", Unauthenticated: "unauthenticated", TooLarge: "too_large", UnsupportedMedia: "unsupported_media",
	MethodNotAllowed: "method_not_allowed", MissingVersion: "missing_version", UnsupportedVersion: "unsupported_version",
	IdempotencyKeyRequired: "idempotency_key_required", IdempotencyInFlight: "idempotency_in_flight",
	IdempotencyMismatch: "idempotency_conflict", ThreeDSRequired: "requires_3ds",
	RequestTimeout: "request_timeout", NothingAvailable: "nothing_available", TooManyRequests: "too_many_requests",
}

// String is the kind's name in logs, spans and adapter files.
func (k Kind) String() string {
	if s, ok := kindNames[k]; ok {
		return s
	}
	return kindNames[Unexpected]
}
