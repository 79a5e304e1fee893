package signing

import (
	"crypto/sha256"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

// maxReplays bounds the memory of one agent's signed requests: ten minutes of 160 writes a second. Beyond it the oldest is forgotten, and
// a replay of it counts as new; the idempotency key and the session's state still stand in its way.
const maxReplays = 100_000

// replays remembers one agent's signed writes for as long as their timestamp is good; each agent has its own, so that nobody's flood
// forgets another's. The same request under the same idempotency key is a retry, which the stored answer ends; anything else that was
// signed before is a replay. Signatures of the body alone repeat for equal bodies, so the time and the path are part of what is
// remembered.
type replays struct {
	mu   sync.Mutex
	seen *lru.Cache[[sha256.Size]byte, remembered]
}

// remembered is the key that a signed request came with.
type remembered struct {
	key   string
	until time.Time
}

func newReplays() *replays {
	seen, _ := lru.New[[sha256.Size]byte, remembered](maxReplays) // its only error is a size below 1
	return &replays{seen: seen}
}

// fresh reports whether the call may go on, and remembers it until the end of its time.
func (r *replays) fresh(c Call, signature []byte, until, now time.Time) bool {
	id := sha256.New()
	for _, part := range []string{c.Path, c.Timestamp, string(signature)} {
		id.Write([]byte(part))
		id.Write([]byte{0})
	}
	sum := [sha256.Size]byte(id.Sum(nil))
	r.mu.Lock()
	defer r.mu.Unlock()
	if old, ok := r.seen.Get(sum); ok && now.Before(old.until) {
		return c.Key != "" && old.key == c.Key
	}
	r.seen.Add(sum, remembered{key: c.Key, until: until})
	return true
}
