package translate_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate"
	"github.com/postern-gateway/postern/translate/schematest"
)

// brokenAnswers are the published answers that do not validate against the
// schema of their own date, and the reading that is taken of each.
func brokenAnswers() map[string]string {
	broken := map[string]string{}
	for _, name := range []string{
		"authentication_requirement", "bnpl_capable", "digital_wallet", "incompatible_payment_method", "minimal_seller_capabilities",
		"network_tokenization", "successful_negotiation",
	} {
		broken["2026-01-16/examples.capability_negotiation.json "+name+"_response"] = "seller_capabilities, which no schema ever had; " +
			"there are no capabilities before 2026-01-30"
	}
	for _, folder := range []string{"discount-extension", "2026-01-30/discount-extension", "2026-04-17/discount-extension"} {
		for _, file := range []string{
			"automatic-discount", "order-level-discount", "percentage-discount-with-allocations", "rejected-discount-code", "stacked-discounts",
		} {
			broken[folder+"/"+file+".json response"] = "capabilities.payment_methods, which the schema has not; payment.handlers is sent"
		}
	}
	for _, folder := range []string{"2026-04-17", "unreleased"} {
		for _, event := range []string{"create", "update"} {
			broken[folder+"/examples.agentic_checkout.json webhook_order_"+event+"_event"] = "refunds, which the schema dropped, and no id; " +
				"the whole order is sent"
		}
		broken[folder+"/examples.mcp.agentic_checkout.json create_checkout_session_response"] = "a link terms_of_service; terms_of_use is sent"
		for _, operation := range []string{"get", "update", "complete", "cancel"} {
			broken[folder+"/examples.mcp.agentic_checkout.json "+operation+"_checkout_session_response"] = "no fulfillment_options, which are required"
		}
		broken[folder+"/examples.multi_item_checkout.json create_multi_item_checkout_response"] = "a total base_amount, and capabilities inside " +
			"of protocol; items_base_amount and capabilities of the session are sent"
	}
	return broken
}

// notAnswers are published samples of what this folder does not write:
// requests, discovery, errors of JSON-RPC and remarks.
var notAnswers = regexp.MustCompile(`^(discovery_response|_notes|error_invalid_request$|error_payment_declined$)|_request|authentication_result_`)

// changed are the members that are told otherwise than a valid sample tells
// them, by file, sample and place, and why.
func changed() map[string]string {
	out := map[string]string{}
	for _, name := range []string{"create", "update", "complete", "get", "cancel"} {
		out["2025-09-29/examples.agentic_checkout.json "+name+"_checkout_session_response $.line_items[].item.quantity"] = "two and a half pieces: " +
			"every later date wants whole numbers, and shops sell no half pieces"
	}
	stale := "the folder has no date, and the sample names an old one; the newest is told"
	for _, name := range []string{"create", "update", "complete", "get", "cancel"} {
		out["unreleased/examples.agentic_checkout.json "+name+"_checkout_session_response $.protocol.version"] = stale
	}
	for _, name := range []string{"authentication_required", "with_out_of_stock", "with_payment_declined"} {
		out["unreleased/examples.agentic_checkout.json checkout_session_"+name+" $.protocol.version"] = stale
	}
	for _, folder := range []string{"2026-04-17", "unreleased"} {
		out[folder+"/examples.agentic_checkout.json cancel_checkout_session_response $.selected_fulfillment_options"] = "the option is not offered; " +
			"a selected one must be (rfc.agentic_checkout 8)"
	}
	return out
}

// added are the members that answers have beyond a sample, and why. None
// stands in the place of what a sample says.
var added = map[string]string{
	"$.capabilities.payment":       "the ways to pay are told even where there are none",
	"$.capabilities.interventions": "the steps are told even where there are none",
	"$.line_items[].unit_amount":   "a line always has the price of one piece",
	"$.messages[].resolution":      "agents choose by it between a retry and a question",
	"$.order.type":                 "an order says that it is one, as it must in an event",
	"$.order.line_items":           "an order is told whole",
	"$.order.fulfillments":         "an empty list says that there is no tracking",
	"$.order.adjustments":          "an empty list says that nothing happened",
	"$.order.totals":               "an order is told whole",
	"$.type":                       "the same, of an order by itself",
	"$.line_items":                 "the same, of an order by itself",
	"$.fulfillments":               "the same, of an order by itself",
	"$.adjustments":                "the same, of an order by itself",
	"$.totals":                     "the same, of an order by itself",
}

// TestPublishedAnswers reads each published answer into the canonical model and
// writes it in its date again. No member may be lost or changed on the way.
func TestPublishedAnswers(t *testing.T) {
	t.Parallel()
	v := schematest.New(t)
	if v == nil {
		return
	}
	root := filepath.Join(os.Getenv(schematest.DirVariable), "examples")
	broken, otherwise, count := brokenAnswers(), changed(), 0
	seen := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".json" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file, _ := filepath.Rel(root, path)
		for name, answer := range answersOf(t, filepath.ToSlash(file), text) {
			id := filepath.ToSlash(file) + " " + name
			version, kind := versionOf(file), kindOf(answer)
			body, err := json.Marshal(answer)
			if err != nil {
				return err
			}
			invalid := v.Check(version.Date, kind, body)
			if _, ok := broken[id]; ok != (invalid != nil) {
				t.Errorf("%s: listed as broken: %t, but: %v", id, ok, invalid)
				continue
			}
			delete(broken, id)
			if invalid != nil {
				continue
			}
			count++
			written, err := rewrite(version, kind, answer)
			if err != nil {
				t.Errorf("%s: %v", id, err)
				continue
			}
			for place, difference := range lost(answer, written, "$", seen) {
				if _, ok := otherwise[id+" "+place]; !ok {
					t.Errorf("%s: %s %s", id, place, difference)
				}
				delete(otherwise, id+" "+place)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for id := range broken {
		t.Errorf("%s is listed as broken and is not published", id)
	}
	for place := range otherwise {
		t.Errorf("%s is listed as told otherwise and is not", place)
	}
	for path := range seen {
		if _, ok := added[path]; !ok {
			t.Errorf("answers add %s, and nobody says why", path)
		}
	}
	for path := range added {
		if !seen[path] {
			t.Errorf("no answer adds %s", path)
		}
	}
	if count < 50 {
		t.Errorf("only %d answers were read", count)
	}
}

// answersOf are the answers and events in a file: an object of named samples,
// results of calls, or one order.
func answersOf(t *testing.T, file string, text []byte) map[string]map[string]any {
	t.Helper()
	whole := parseSample(t, text)
	if strings.Contains(file, "orders/") {
		delete(whole, "$schema") // the file's own, and no member of an order
		delete(whole, "_description")
		return map[string]map[string]any{"order": whole}
	}
	found := map[string]map[string]any{}
	for name, value := range whole {
		object, ok := value.(map[string]any)
		if !ok || notAnswers.MatchString(name) || strings.Contains(file, "delegate") || strings.Contains(file, "feed") || name == "request" {
			continue
		}
		if result, ok := object["result"].(map[string]any); ok {
			object = result
		}
		found[name] = object
	}
	return found
}

// versionOf is the date of a file's folder; the files that lie in none are the
// preview's.
func versionOf(file string) translate.Version {
	for _, v := range every() {
		if strings.HasPrefix(file, v.Date) {
			return v
		}
	}
	all := every()
	return all[len(all)-1]
}

func kindOf(answer map[string]any) schematest.Kind {
	switch {
	case answer["data"] != nil:
		return schematest.Event
	case answer["message"] != nil && answer["line_items"] == nil:
		return schematest.Error
	case answer["checkout_session_id"] != nil:
		return schematest.Order
	case answer["order"] != nil:
		return schematest.Completion
	default:
		return schematest.Session
	}
}

// rewrite reads an answer and writes it in its date.
func rewrite(v translate.Version, kind schematest.Kind, answer map[string]any) (map[string]any, error) {
	read, member := published(answer), ""
	var body []byte
	var err error
	switch kind {
	case schematest.Error:
		body, err = v.EncodeError(read.problem())
	case schematest.Event:
		body, err = v.EncodeEvent(read.event())
	case schematest.Order:
		body, err = v.EncodeSession(commerce.Session{ID: "cs_1", Currency: "usd", Status: commerce.Completed, Order: ptr(read.order()), UpdatedAt: noon})
		member = "order"
	default:
		body, err = v.EncodeCompletion(read.session())
	}
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.UseNumber()
	var written map[string]any
	if err := decoder.Decode(&written); err != nil {
		return nil, err
	}
	if member != "" {
		written, _ = written[member].(map[string]any)
	}
	return written, nil
}

// lost compares what was read with what was written: every member must be
// there with its value and every list must have its elements in their order. It
// names the places that differ. What is only written is noted in seen. Places
// carry no indexes.
func lost(read, written any, path string, seen map[string]bool) map[string]string {
	differences := map[string]string{}
	switch read := read.(type) {
	case map[string]any:
		object, ok := written.(map[string]any)
		if !ok {
			return map[string]string{path: "is no object any more"}
		}
		for name, value := range read {
			if other, ok := object[name]; ok {
				maps.Copy(differences, lost(value, other, path+"."+name, seen))
			} else {
				differences[path+"."+name] = fmt.Sprintf("is lost: %v", value)
			}
		}
		for name := range object {
			if _, ok := read[name]; !ok {
				seen[path+"."+name] = true
			}
		}
	case []any:
		list, ok := written.([]any)
		if !ok || len(list) != len(read) {
			return map[string]string{path: fmt.Sprintf("has %d elements and becomes %v", len(read), written)}
		}
		for i := range read {
			maps.Copy(differences, lost(read[i], list[i], path+"[]", seen))
		}
	default:
		if read != written {
			differences[path] = fmt.Sprintf("is %v and becomes %v", read, written)
		}
	}
	return differences
}
