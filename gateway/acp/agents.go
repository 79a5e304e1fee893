package acp

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/commerce"
)

// Agents are all callers with their keys and shops. Make it with [NewAgents]; it is immutable and safe for concurrent use. The zero
// value knows nobody.
type Agents struct {
	keys []key
}

// key is one bearer token, by its hash.
type key struct {
	sum        [sha256.Size]byte
	configured config.Key
	agent      *agent
}

type agent struct {
	name    string
	strict  bool
	keyless bool   // over MCP it may leave the idempotency key out
	errors  string // config.AgentMCP.Errors
	shops   []string
	byHost  map[string]string // shop by host name, lower case
	foreign map[string]bool   // the hosts at which its only shop is not served: those of other shops
}

// NewAgents reads the callers out of the configuration. It fails when a key is no SHA-256, when two agents share a key, or when an
// agent names a shop that is not there.
func NewAgents(agents []config.Agent, shops map[string]config.Shop) (*Agents, error) {
	all := &Agents{}
	owners := map[[sha256.Size]byte]string{}
	for _, a := range agents {
		who := &agent{name: a.Name, strict: a.Strict, errors: config.MCPErrorsACP, shops: a.Shops, byHost: map[string]string{}}
		if a.MCP != nil {
			who.keyless, who.errors = !a.MCP.RequireKey, a.MCP.Errors
		}
		for _, name := range a.Shops {
			shop, ok := shops[name]
			if !ok {
				return nil, fmt.Errorf("agent %s: there is no shop %q; name one that is configured", a.Name, name)
			}
			if shop.Host != "" {
				who.byHost[hostName(shop.Host)] = name
			}
		}
		if len(a.Shops) == 1 && shops[a.Shops[0]].Host != "" {
			who.foreign = hostsBut(shops, a.Shops[0])
		}
		for i, k := range a.Keys {
			entry := key{configured: k, agent: who}
			sum, err := hex.DecodeString(k.SHA256)
			if copy(entry.sum[:], sum); err != nil || len(sum) != sha256.Size {
				return nil, fmt.Errorf("agent %s: key %d is not the hexadecimal SHA-256 of a token; make it with: postern keys hash", a.Name, i)
			}
			if owner, taken := owners[entry.sum]; taken {
				return nil, fmt.Errorf("agent %s: key %d belongs to agent %s already; make another with: postern keys new", a.Name, i, owner)
			}
			owners[entry.sum] = a.Name
			all.keys = append(all.keys, entry)
		}
	}
	return all, nil
}

// authenticate finds the agent of a bearer token. It compares the token's hash with every known one, whole and to the end of the list,
// so that the time it takes tells nothing about how near a guess was.
func (a *Agents) authenticate(token string, now time.Time) (*agent, error) {
	sum := sha256.Sum256([]byte(token))
	found := -1
	for i := range a.keys {
		found = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(sum[:], a.keys[i].sum[:]), i, found)
	}
	if token == "" || found < 0 || a.keys[found].configured.Expired(now) {
		return nil, commerce.Faultf(commerce.Unauthenticated, "a valid bearer token is needed")
	}
	return a.keys[found].agent, nil
}

// hostsBut are the hosts of all shops but one.
func hostsBut(shops map[string]config.Shop, one string) map[string]bool {
	hosts := map[string]bool{}
	for name, s := range shops {
		if name != one && s.Host != "" {
			hosts[hostName(s.Host)] = true
		}
	}
	return hosts
}

// shop is the only shop that the agent may buy from, or the one that the host names. The host of another shop is no way to the only one,
// unless that has no host of its own: ids of items mean something else there, and a buyer who was led to one shop would buy at another.
func (a *agent) shop(host string) (string, error) {
	host = hostName(host)
	if len(a.shops) == 1 && !a.foreign[host] {
		return a.shops[0], nil
	}
	if name, ok := a.byHost[host]; ok {
		return name, nil
	}
	return "", noShop()
}

func noShop() error { return commerce.Faultf(commerce.NotFound, "there is no shop at this host") }

// hostName is host without port and final dot, in lower case.
func hostName(host string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		host = host[:i]
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}
