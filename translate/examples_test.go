package translate_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/translate"
	"github.com/postern-gateway/postern/translate/schematest"
	"github.com/postern-gateway/postern/translate/wire"
)

// brokenSamples are the published requests that their own date's schema does not allow, and how they are read: with which deviations,
// or not at all. Every other one is read without a deviation.
func brokenSamples() map[string]string {
	broken := map[string]string{
		// A quantity of 1.5: every later date wants whole numbers, and shops sell no half units.
		"2025-09-29/examples.agentic_checkout.json create_checkout_session_request": "refused: is not a whole number at $.items[0].quantity",
	}
	// Capabilities under a name that no schema ever had; they are ignored.
	for _, name := range []string{
		"authentication_requirement", "bnpl_capable", "digital_wallet", "incompatible_payment_method", "minimal_agent_capabilities",
		"network_tokenization", "successful_negotiation",
	} {
		broken["2026-01-16/examples.capability_negotiation.json "+name+"_request"] = "unknown_member"
	}
	// No capabilities, though they are required; and a quantity, though the item of the same schema has none: it is honoured.
	for _, folder := range []string{"discount-extension", "2026-01-30/discount-extension", "2026-04-17/discount-extension"} {
		for _, file := range []string{
			"automatic-discount", "order-level-discount", "percentage-discount-with-allocations", "rejected-discount-code", "stacked-discounts",
		} {
			broken[folder+"/"+file+".json request"] = "capabilities_missing quantity_sent"
		}
	}
	for _, folder := range []string{"2026-04-17", "unreleased"} {
		broken[folder+"/examples.multi_item_checkout.json create_multi_item_checkout_request"] = "capabilities_missing"
		// The selection of an older date, and an instrument that is its own credential.
		broken[folder+"/examples.mcp.agentic_checkout.json update_checkout_session_request"] = "selection_nested"
		broken[folder+"/examples.mcp.agentic_checkout.json complete_checkout_session_request"] = "credential_missing instrument_type_missing"
	}
	return broken
}

// TestPublishedRequests reads every published sample of a request with the date of its folder, those of the extension with the two
// dates that have it, and those inside of calls over MCP.
func TestPublishedRequests(t *testing.T) {
	t.Parallel()
	if schematest.New(t) == nil {
		return
	}
	root := filepath.Join(os.Getenv(schematest.DirVariable), "examples")
	broken := brokenSamples()
	left := maps.Clone(broken)
	count := 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".json" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file, _ := filepath.Rel(root, path)
		for _, s := range samples(t, file, text) {
			count++
			key := file + " " + s.name
			for _, v := range s.versions {
				_, r, err := read(v, s.operation, string(s.body))
				got := names(r)
				if refusal, ok := errors.AsType[*wire.Refusal](err); ok {
					got = "refused: " + refusal.Reason.String() + " at " + refusal.Param
				}
				if want := broken[key]; got != want {
					t.Errorf("%q in %s: got %q, want %q", key, v.Date, got, want)
				}
			}
			delete(left, key)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if count < 80 {
		t.Errorf("only %d samples found", count)
	}
	for _, key := range slices.Sorted(maps.Keys(left)) {
		t.Errorf("there is no sample %q any more", key)
	}
}

type sample struct {
	name, operation string
	body            json.RawMessage
	versions        []translate.Version
}

// samples are the requests of a file: members called create_…_request and so on, the request of a sample of the discount extension,
// and payloads of calls over MCP.
func samples(t *testing.T, file string, text []byte) (found []sample) {
	t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	folder, _, _ := strings.Cut(filepath.ToSlash(file), "/")
	versions := slices.DeleteFunc(spoken(t), func(v translate.Version) bool {
		return v.Date != folder && (folder != "discount-extension" || !v.Discounts)
	})
	if len(versions) == 0 {
		return nil // orders: no requests
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		s := sample{name: name, body: members[name], versions: versions}
		switch base := filepath.Base(file); {
		case strings.Contains(base, "delegate_") || strings.Contains(base, "feed"):
			return nil // calls to others than a seller
		case name == "request":
			s.operation = "create"
		case strings.Contains(base, "capability_negotiation") && strings.HasSuffix(name, "_request"):
			s.operation = "create"
		case strings.Contains(name, "_request") && !strings.HasPrefix(name, "get_") && !strings.HasPrefix(name, "error_"):
			s.operation, _, _ = strings.Cut(name, "_")
		default:
			continue
		}
		var call struct {
			Params struct {
				Arguments struct{ Payload json.RawMessage }
			}
		}
		if strings.Contains(file, ".mcp.") {
			if err := json.Unmarshal(s.body, &call); err != nil {
				t.Fatalf("%s %s: %v", file, name, err)
			}
			s.body = call.Params.Arguments.Payload
		}
		found = append(found, s)
	}
	return found
}
