package declarative

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/itchyny/gojq"

	"github.com/postern-gateway/postern/adapters/shopclient"
	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/clock"
)

var (
	fence   = regexp.MustCompile("(?ms)^```(yaml|jq)\n(.*?)^```$")
	topKey  = regexp.MustCompile(`(?m)^[a-z_]+:`)
	twoDeep = regexp.MustCompile(`(?m)^  [a-z_]+:`)
)

// chunks cuts text before each match of at, by the key that the match names.
func chunks(text string, at *regexp.Regexp) (order []string, parts map[string]string) {
	parts = map[string]string{}
	places := at.FindAllStringIndex(text, -1)
	for i, p := range places {
		end := len(text)
		if i+1 < len(places) {
			end = places[i+1][0]
		}
		key := strings.Trim(text[p[0]:p[1]], " :")
		order, parts[key] = append(order, key), text[p[0]:end]
	}
	return order, parts
}

// over puts the keys of a fragment over those of a whole description, operation by operation.
func over(whole, fragment string) string {
	order, parts := chunks(whole, topKey)
	newOrder, newParts := chunks(fragment, topKey)
	for _, key := range newOrder {
		if key == "operations" {
			ops, old := chunks(parts[key], twoDeep)
			names, changed := chunks(newParts[key], twoDeep)
			for _, n := range names {
				if _, ok := old[n]; !ok {
					ops = append(ops, n)
				}
				old[n] = changed[n]
			}
			newParts[key] = "operations:\n"
			for _, n := range ops {
				newParts[key] += old[n]
			}
		}
		if _, ok := parts[key]; !ok {
			order = append([]string{key}, order...)
		}
		parts[key] = newParts[key]
	}
	var b strings.Builder
	for _, key := range order {
		b.WriteString(parts[key])
	}
	return b.String()
}

func readFences(t *testing.T) map[string][]string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "declarative.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, m := range fence.FindAllStringSubmatch(string(page), -1) {
		found[m[1]] = append(found[m[1]], m[2])
	}
	return found
}

func TestEveryYAMLExampleOfTheReferenceLoads(t *testing.T) {
	t.Parallel()
	examples := readFences(t)["yaml"]
	if len(examples) < 6 || !strings.HasPrefix(examples[0], "adapter: ") {
		t.Fatalf("%d examples; the first must be the whole description", len(examples))
	}
	opts := config.Options{LookupEnv: func(string) (string, bool) { return "secret", true }, Dir: t.TempDir()}
	whole := examples[0]
	if err := os.WriteFile(filepath.Join(opts.Dir, "shop.yaml"), []byte(whole), 0o600); err != nil {
		t.Fatal(err)
	}
	for i, example := range examples {
		if !strings.HasPrefix(example, "# gateway.yaml") && i > 0 {
			example = over(whole, example)
		}
		section, err := config.ParseSection("", []byte(example), opts)
		if err != nil {
			t.Errorf("example %d: %v\n%s", i, err, example)
			continue
		}
		if _, err := New(section, Deps{Clock: clock.System()}); err != nil {
			t.Errorf("example %d:\n%v\n%s", i, err, example)
		}
	}
}

func TestEveryExpressionOfTheReferenceGivesWhatItSays(t *testing.T) {
	t.Parallel()
	checked := 0
	for _, block := range readFences(t)["jq"] {
		for l := range strings.SplitSeq(strings.TrimSpace(block), "\n") {
			expr, want, ok := strings.Cut(l, " # ")
			if !ok {
				t.Errorf("%s says no result", l)
				continue
			}
			wanted, err := shopclient.Decode([]byte(want))
			if err != nil {
				t.Errorf("%s: the result %s is no JSON", l, want)
				continue
			}
			got, err := evaluated(t, usdText, expr, nil)
			if err != nil || gojq.Compare(got, wanted) != 0 || typeName(got) != typeName(wanted) {
				t.Errorf("%s gives %v (%v), the page says %s", expr, got, err, want)
			}
			checked++
		}
	}
	if checked < 15 {
		t.Errorf("only %d expressions were checked", checked)
	}
}

// TestTheReferenceNamesEveryMember holds the page against the code: what can be written in a result stands on it.
func TestTheReferenceNamesEveryMember(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "declarative.md"))
	if err != nil {
		t.Fatal(err)
	}
	member := regexp.MustCompile(`\b[a-z]+\.(?:text|required|words|requiredWords|amount|positive|minor|decimal|count|some|flag|time|stamp|url|part|list|objects|texts|oneOf|get)\("([a-z_]+)"`)
	for _, file := range []string{
		"quote.go", "quote_line.go", "quote_option.go", "quote_message.go", "charges.go", "discount.go", "order.go", "item.go", "feed.go",
	} {
		code, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := member.FindAllStringSubmatch(string(code), -1)
		if len(found) == 0 {
			t.Errorf("%s reads no members", file)
		}
		for _, m := range found {
			if !regexp.MustCompile(`\b` + m[1] + `\b`).Match(page) {
				t.Errorf("%s reads the member %s, which the page does not name", file, m[1])
			}
		}
	}
	for kind := range kinds {
		if !strings.Contains(string(page), kind) {
			t.Errorf("the page does not name the fault %s", kind)
		}
	}
}
