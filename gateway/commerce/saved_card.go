package commerce

// SavedCard names a card that the processor keeps for a customer of the seller, with what may be shown of it. It pays as that customer,
// so that no answer shows Customer and Method.
type SavedCard struct {
	Customer string // cus_…
	Method   string // pm_…
	Brand    string // such as visa
	LastFour string
}
