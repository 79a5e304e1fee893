package sqlstore

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/postern-gateway/postern/gateway/store"
)

// gates is how many keys can be looked up at once without two of them sharing a gate.
const gates = 64

// claims are the idempotency claims that are not answered yet. A claim of an ended process is void (S17) and the file has one process,
// so they need no disk. It is safe for concurrent use; call newClaims.
type claims struct {
	// A gate is held while a key is looked up in the map and in the file, so that two callers cannot both find it free. The writer
	// never takes a gate.
	gate [gates]sync.Mutex
	seed maphash.Seed

	mu   sync.Mutex
	open map[claimKey]*openClaim
}

type claimKey struct{ agent, path, key string }

type openClaim struct {
	claim store.Claim
	// answering is set while a commit with the answer is on its way: until its result is known nobody may release the claim.
	answering bool
}

func newClaims() *claims {
	return &claims{seed: maphash.MakeSeed(), open: map[claimKey]*openClaim{}}
}

func keyOf(c store.Claim) claimKey { return claimKey{c.Agent, c.Path, c.Key} }

func (c *claims) enter(k claimKey) *sync.Mutex {
	g := &c.gate[maphash.Comparable(c.seed, k)%gates]
	g.Lock()
	return g
}

func (c *claims) get(k claimKey) (store.Claim, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	o, ok := c.open[k]
	if !ok {
		return store.Claim{}, false
	}
	return o.claim, true
}

func (c *claims) put(claim store.Claim) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open[keyOf(claim)] = &openClaim{claim: claim}
}

func (c *claims) release(claim store.Claim) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if o, ok := c.open[keyOf(claim)]; ok && o.claim.Token == claim.Token && !o.answering {
		delete(c.open, keyOf(claim))
	}
}

// beginAnswer reserves the claim that the caller holds for its answer and returns it as it was taken; false: it is lost.
func (c *claims) beginAnswer(claim store.Claim) (store.Claim, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	o, ok := c.open[keyOf(claim)]
	if !ok || o.claim.Token != claim.Token || o.answering {
		return store.Claim{}, false
	}
	o.answering = true
	return o.claim, true
}

// endAnswer ends what beginAnswer began. A stored answer is in the file from now on.
func (c *claims) endAnswer(claim store.Claim, stored bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if stored {
		delete(c.open, keyOf(claim))
	} else if o, ok := c.open[keyOf(claim)]; ok {
		o.answering = false
	}
}

// forget drops the claims whose owners can no longer be running.
func (c *claims) forget(before time.Time) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for k, o := range c.open {
		if o.claim.At.Before(before) && !o.answering {
			delete(c.open, k)
			n++
		}
	}
	return n
}
