package acpagent

// The dates of ACP that are spoken.
const (
	Oldest = "2025-09-29"
	Newest = "2026-04-17"
)

// Payment is the body of a complete in a date, with a Shared Payment Token (ACP, openapi.agentic_checkout.yaml of both dates, read
// 2026-11-22).
func Payment(version, token string) map[string]any {
	if version == Oldest {
		return map[string]any{"payment_data": map[string]any{"token": token, "provider": "stripe"}}
	}
	return map[string]any{"payment_data": map[string]any{
		"handler_id": "card_tokenized",
		"instrument": map[string]any{"type": "card", "credential": map[string]any{"type": "spt", "token": token}},
	}}
}
