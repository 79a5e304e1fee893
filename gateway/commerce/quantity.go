package commerce

// Limits of one session. They are checked before the shop is asked.
const (
	// MaxQuantity is the most units of one line that an agent may ask for. Shops set lower limits of their own.
	MaxQuantity = 100_000
	// MaxLines is the most lines of a session.
	MaxLines = 100
	// MaxCodes is the most discount codes of a session.
	MaxCodes = 10
)

// ValidQuantity reports whether n units may be asked for.
func ValidQuantity(n int64) bool { return n >= 1 && n <= MaxQuantity }
