package builtin

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/postern-gateway/postern/config"
)

// notAdapters are the folders beside the adapters that are none.
var notAdapters = []string{"adaptertest", "builtin", "shopclient"}

func TestEveryAdapterFolderIsListed(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir(filepath.Join(".."))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, e := range entries {
		if !e.IsDir() || slices.Contains(notAdapters, e.Name()) {
			continue
		}
		found++
		if !slices.Contains(Names(), e.Name()) {
			t.Errorf("the adapter folder %s is not in the list", e.Name())
		}
	}
	if found != len(all) {
		t.Errorf("%d adapter folders, %d in the list", found, len(all))
	}
	if !slices.IsSorted(Names()) {
		t.Errorf("the list %v is not sorted", Names())
	}
}

func TestUnknownAdapterAndEmptySettingsAreRefused(t *testing.T) {
	t.Parallel()
	if _, err := New("nosuch", config.Section{}, Deps{}); err == nil {
		t.Errorf("an unknown adapter is made: %v", err)
	}
	for _, name := range Names() {
		_, err := New(name, config.Section{}, Deps{})
		if len(config.ProblemsOf(err)) == 0 {
			t.Errorf("%s is made of empty settings", name)
		}
	}
}
