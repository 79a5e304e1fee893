package builtin_test

import (
	"os"
	"testing"

	"github.com/postern-gateway/postern/adapters/builtin"
)

// TestEveryFolderIsListed fails when an adapter was written and not listed.
func TestEveryFolderIsListed(t *testing.T) {
	t.Parallel()
	folders, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	support := map[string]bool{"builtin": true, "adaptertest": true, "shopclient": true}
	found := 0
	for _, f := range folders {
		if !f.IsDir() || support[f.Name()] {
			continue
		}
		found++
		if _, err := builtin.Lookup(f.Name()); err != nil {
			t.Errorf("folder adapters/%s: %v", f.Name(), err)
		}
	}
	if found != len(builtin.Adapters()) {
		t.Errorf("%d folders, %d entries", found, len(builtin.Adapters()))
	}
}

func TestLookupNamesTheChoices(t *testing.T) {
	t.Parallel()
	if _, err := builtin.Lookup("magento"); err == nil || err.Error() != `there is no adapter "magento"; use one of: declarative` {
		t.Fatal(err)
	}
}
