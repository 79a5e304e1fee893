// Package builtin is the list of the adapters that Postern ships, and how each is made.
//
// Start with [New]. A shop in gateway.yaml names its adapter; everything else about the shop stands in its settings, which only the
// adapter reads. A test fails when an adapter's folder is missing from the list.
//
// The package imports the adapters, config and clock.
package builtin

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/declarative"
	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/clock"
)

// Deps are what adapters need from outside. Both are required.
type Deps struct {
	Transport http.RoundTripper // to the shop
	Clock     clock.Clock
}

// factory makes an adapter of a shop's settings.
type factory struct {
	name string
	make func(settings config.Section, d Deps) (adapters.Adapter, error)
}

// all is the list, by name.
var all = []factory{
	{"declarative", func(s config.Section, d Deps) (adapters.Adapter, error) {
		return declarative.New(s, declarative.Deps{Transport: d.Transport, Clock: d.Clock})
	}},
}

// Names are the adapters that can be named in gateway.yaml, sorted.
func Names() []string {
	names := make([]string, len(all))
	for i, f := range all {
		names[i] = f.name
	}
	return names
}

// New makes the adapter called name. What is wrong with the settings comes back as [config.Problems], all of them at once; an unknown
// name is a plain error, because the place of the name is known to the caller alone. New opens no connection.
func New(name string, settings config.Section, d Deps) (adapters.Adapter, error) {
	for _, f := range all {
		if f.name == name {
			return f.make(settings, d)
		}
	}
	return adapters.Adapter{}, fmt.Errorf("adapter %q is not built in; choose %s", name, strings.Join(Names(), ", "))
}
