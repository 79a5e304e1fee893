// Package builtin is the list of the adapters that are compiled in.
//
// Start with [Adapters]. The list is code: a test fails when a folder of adapters is missing from it. The package may import the
// adapters, their contract, config and clock.
package builtin

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/declarative"
	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/clock"
)

// Deps are what every adapter gets from outside. Both are required.
type Deps struct {
	Transport http.RoundTripper // to the shop
	Clock     clock.Clock
}

// Adapter is one entry of the list.
type Adapter struct {
	Name string // as gateway.yaml says it
	// New makes the adapter from its own settings. The error holds every problem at once and is of type [config.Problems] where it can
	// name a line. It opens no connection.
	New func(config.Section, Deps) (adapters.Adapter, error)
}

// Adapters are all of them, by name.
func Adapters() []Adapter {
	return []Adapter{
		{Name: "declarative", New: func(s config.Section, d Deps) (adapters.Adapter, error) {
			return declarative.New(s, declarative.Deps{Transport: d.Transport, Clock: d.Clock})
		}},
	}
}

// Lookup finds an adapter by name.
func Lookup(name string) (Adapter, error) {
	all := Adapters()
	if i := slices.IndexFunc(all, func(a Adapter) bool { return a.Name == name }); i >= 0 {
		return all[i], nil
	}
	names := make([]string, len(all))
	for i, a := range all {
		names[i] = a.Name
	}
	return Adapter{}, fmt.Errorf("there is no adapter %q; use one of: %s", name, strings.Join(names, ", "))
}
