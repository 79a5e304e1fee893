package mcpapi

// schema is a JSON Schema, of the keywords that every host understands: nothing is referred to, so that a tool is whole by itself.
//
// They say what a good request looks like, in the words of ACP 2026-04-17, and are for the model that writes it; what counts is the
// pipeline, which reads more than this. Members that they do not name are let pass, because later dates and extensions add some, and
// what published examples leave out (capabilities, the type of an instrument) is not demanded.
type schema map[string]any

// object is an object with these members, of which some are needed.
func object(about string, members map[string]schema, needed ...string) schema {
	s := schema{"type": "object", "properties": members}
	if about != "" {
		s["description"] = about
	}
	if len(needed) > 0 {
		s["required"] = needed
	}
	return s
}

func text(about string) schema { return schema{"type": "string", "description": about} }

func oneOf(about string, words ...string) schema {
	return schema{"type": "string", "enum": words, "description": about}
}

func list(about string, of schema) schema {
	return schema{"type": "array", "items": of, "description": about}
}

func whole(about string, least int) schema {
	return schema{"type": "integer", "minimum": least, "description": about}
}

func flag(about string) schema { return schema{"type": "boolean", "description": about} }

// with is s and one keyword more.
func (s schema) with(keyword string, value any) schema {
	s[keyword] = value
	return s
}

// orNull lets null pass, which takes a value away in an update.
func (s schema) orNull() schema { return s.with("type", []any{s["type"], "null"}) }

// metaSchema is what REST has in its headers. There is no place for a credential in it.
func metaSchema(keyed bool) schema {
	members := map[string]schema{
		"api_version":     text("The ACP version, a date. Use 2026-04-17."),
		"request_id":      text("A name of yours for this call, for support. Up to 128 characters."),
		"accept_language": text("The buyer's language, such as en-US; titles and messages follow it."),
		"user_agent":      text("What you are."),
		"signature":       text("Signature of the payload, where one was agreed."),
		"timestamp":       text("When it was signed, RFC 3339."),
	}
	if keyed {
		members["idempotency_key"] = text("A new random text for each new request, such as a UUID. Repeat a call that got no answer with the "+
			"same key and payload: it is then done once and answered the same.").with("minLength", 1).with("maxLength", 255)
	}
	return object("About the call.", members, "api_version")
}

func addressSchema() schema {
	return object("A postal address.", map[string]schema{
		"name": text("Who receives it."), "line_one": text("Street and number."), "line_two": text("Apartment, floor."),
		"city": text("City."), "state": text("State or province code; empty where there is none."),
		"country": text("ISO 3166-1 alpha-2, such as US."), "postal_code": text("Postal code."), "company": text("Company."),
	}, "line_one", "city", "country", "postal_code")
}

func buyerSchema() schema {
	return object("Who buys. Ask; never invent it.", map[string]schema{
		"first_name": text("Given name."), "last_name": text("Family name."), "full_name": text("Whole name."), "email": text("E-mail address."),
		"phone_number": text("Phone number, E.164 such as +15551234567."),
	}, "email")
}

func deliverySchema() schema {
	return object("To whom and where it goes. Needed for shipping options and taxes.", map[string]schema{
		"name": text("Who receives it."), "phone_number": text("Phone number, E.164 such as +15551234567."), "email": text("E-mail address."),
		"address": addressSchema(),
	})
}

func linesSchema() schema {
	return list("The whole list of what is bought.", object("", map[string]schema{
		"id": text("The item's id in the shop, as the product feed has it."), "quantity": whole("How many; left out, one.", 1),
	}, "id")).with("minItems", 1)
}

func discountsSchema() schema {
	return object("Discount codes.", map[string]schema{
		"codes": list("All codes that are wished; they replace the earlier ones, and [] takes them away.", text("A code as the buyer gave it.")),
	})
}

func groupsSchema() schema {
	return list("Only where lines go different ways.", object("", map[string]schema{
		"id": text("A name of yours for the group."), "item_ids": list("The lines of the group.", text("A line's id.")),
		"destination_type":    oneOf("How it gets there.", "shipping", "pickup", "local_delivery", "digital"),
		"fulfillment_details": deliverySchema(), "location_id": text("The place of a pickup."), "instructions": text("For who delivers."),
	}, "id", "item_ids", "destination_type"))
}

func notesSchema() schema {
	return text("What the buyer wants the shop to know.").with("maxLength", 5000)
}

func attributionSchema() schema {
	return object("Who sent the buyer, if somebody did. Pass on what you were given.", map[string]schema{
		"provider": text("The affiliate network."), "token": text("Its token."), "publisher_id": text("The publisher, where there is no token."),
		"campaign_id": text("Campaign."), "creative_id": text("Creative."), "sub_id": text("Sub-tracking id."),
		"source":    object("Where the buyer came from.", map[string]schema{"type": oneOf("Kind.", "url", "platform", "unknown"), "url": text("Address.")}, "type"),
		"issued_at": text("RFC 3339."), "expires_at": text("RFC 3339."), "metadata": object("More, as plain values.", map[string]schema{}),
		"touchpoint": oneOf("When it was noticed.", "first", "last"),
	}, "provider")
}

func capabilitiesSchema() schema {
	return object("What you can do; {} if nothing of it.", map[string]schema{
		"interventions": object("What you can lead a buyer through.", map[string]schema{
			"supported":        list("Kinds.", text("3ds, biometric or address_verification.")),
			"display_context":  oneOf("Where it is shown.", "native", "webview", "modal", "redirect"),
			"redirect_context": oneOf("Where a redirect opens.", "in_app", "external_browser", "none"),
			"max_redirects":    whole("How many redirects.", 0), "max_interaction_depth": whole("How deep.", 1),
		}),
		"extensions": list("Extensions that you understand, such as discount.", schema{"type": []any{"string", "object"}}),
	})
}

func createSchema() schema {
	return object("The checkout to open.", createMembers(object("Of yours, for the shop.", map[string]schema{})), "line_items", "currency")
}

// createFromCartSchema is that of a create where carts are: the lines may be a cart's.
func createFromCartSchema() schema {
	return object("The checkout to open.", createMembers(object("Of yours, for the shop.", map[string]schema{
		"cart_id": text("The id of a cart of create_cart, whose lines are then bought; leave line_items out with it."),
	})), "currency")
}

func createMembers(metadata schema) map[string]schema {
	return map[string]schema{
		"line_items": linesSchema(), "currency": text("ISO 4217, lower case such as usd."), "capabilities": capabilitiesSchema(),
		"buyer": buyerSchema(), "fulfillment_details": deliverySchema(), "fulfillment_groups": groupsSchema(), "discounts": discountsSchema(),
		"affiliate_attribution": attributionSchema(), "locale": text("The buyer's language, such as en-US."),
		"timezone": text("The buyer's time zone, such as America/New_York."), "order_notes": notesSchema(), "quote_id": text("A quote that this is based on."),
		"metadata": metadata,
	}
}

func updateSchema() schema {
	return object("What changes. What is left out stays; null takes away.", map[string]schema{
		"line_items": linesSchema(), "buyer": buyerSchema().orNull(), "fulfillment_details": deliverySchema().orNull(),
		"fulfillment_groups": groupsSchema().orNull(), "discounts": discountsSchema().orNull(), "order_notes": notesSchema().orNull(),
		"selected_fulfillment_options": list("The way of delivery that the buyer chose.", object("", map[string]schema{
			"type":      oneOf("As the option has it.", "shipping", "digital", "pickup", "local_delivery"),
			"option_id": text("The id of one of the session's fulfillment_options."),
			"item_ids":  list("The ids of the lines that it is for.", text("A line's id.")),
		}, "type")).orNull(),
	})
}

func completeSchema() schema {
	return object("How it is paid.", map[string]schema{
		"payment_data": object("The payment.", map[string]schema{
			"handler_id": text("The id of one of the session's capabilities.payment.handlers."),
			"instrument": object("What the buyer pays with. Never card numbers.", map[string]schema{
				"type": text("As the handler asks, such as card."),
				"credential": object("A token that the buyer's payment provider made for this shop and amount.", map[string]schema{
					"type": text("Kind, such as spt."), "token": text("The token."),
				}, "type", "token"),
			}),
			"billing_address": addressSchema(), "purchase_order_number": text("For business buyers, where the session offers it."),
		}),
		"buyer": buyerSchema(), "affiliate_attribution": attributionSchema(), "order_notes": notesSchema(),
		"authentication_result": object("The result of 3-D Secure, when the session asked for it.", map[string]schema{
			"outcome": oneOf("How it ended.", "abandoned", "attempt_acknowledged", "authenticated", "canceled", "denied", "informational",
				"internal_error", "not_supported", "processing_error", "rejected"),
			"outcome_details": object("Needed for authenticated, informational and attempt_acknowledged.", map[string]schema{
				"three_ds_cryptogram": text("Cryptogram."), "electronic_commerce_indicator": text("ECI, such as 05."),
				"transaction_id": text("Transaction id."), "version": text("Protocol version, such as 2.2.0."),
			}),
		}, "outcome"),
		"risk_signals": object("What you know of the buyer's device.", map[string]schema{
			"ip_address": text("Address."), "user_agent": text("Browser."), "accept_language": text("Language."), "session_id": text("Session."),
			"device_fingerprint": text("Fingerprint."),
		}),
		"marketing_consents": list("What the buyer was asked and said; leave it out when nobody asked.", object("", map[string]schema{
			"channel": text("A channel of the session's consent options."), "opted_in": flag("Whether the buyer said yes."),
		}, "channel", "opted_in")),
	}, "payment_data")
}

func cancelSchema() schema {
	return object("Why, if it is known.", map[string]schema{
		"intent_trace": object("The reason.", map[string]schema{
			"reason_code": text("price_sensitivity, shipping_cost, shipping_speed, product_fit, trust_security, returns_policy, payment_options, " +
				"comparison, timing_deferred or other."),
			"trace_summary": text("In a sentence, without personal data.").with("maxLength", 500),
			"metadata":      object("More, as plain values.", map[string]schema{}),
		}, "reason_code"),
	})
}

func cartSchema() schema {
	return object("The cart, whole: it replaces what was there.", map[string]schema{
		"line_items": linesSchema(), "buyer": buyerSchema(), "locale": text("The buyer's language, such as en-US."),
	}, "line_items")
}
