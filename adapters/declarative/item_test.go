package declarative_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/declarative"
	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
)

// withItem is stateless with a catalogue, whose ids the quote sends instead of the agent's.
func withItem(result string) string {
	return strings.Replace(stateless, "{sku: .item, n: .quantity}", "{sku: .item, own: .catalogue.ref, called: .catalogue.title, n: .quantity}", 1) + `  item:
    steps:
      - id: got
        get: /items/{$in.item}
        on_error:
          - {status: 404, as: ItemUnavailable}
    result: '` + result + `'
`
}

const wholeItem = `.got.body | {id: .sku, ref: {variant: .v}, title, description: .text, images: [.image], product_id: .p, sku, category: .kind}`

func TestItemReadsTheCatalogueAndTheQuoteSeesIt(t *testing.T) {
	t.Parallel()
	f, a := open(t, withItem(wholeItem), map[string]string{
		"GET /items/A":     `{"sku":"A","v":17,"title":"Tea","text":"green","image":"a.png","p":3,"kind":"food","price":"20.00"}`,
		"GET /items/A%2FB": `{"sku":"A/B"}`, "POST /price": goodPrice,
	})
	item, err := a.Item(t.Context(), "A")
	if err != nil {
		t.Fatal(err)
	}
	want := adapters.Item{
		ID: "A", Ref: `{"variant":17}`, Name: "Tea", Description: "green", Images: []string{"a.png"}, ProductID: "3", SKU: "A", Category: "food",
	}
	if diff := cmp.Diff(want, item); diff != "" {
		t.Error(diff)
	}
	r := oneLine
	for _, c := range []struct {
		items map[string]adapters.Item
		want  string
	}{
		{map[string]adapters.Item{"A": item}, `{"lines":[{"called":"Tea","n":1,"own":{"variant":17},"sku":"A"}]}`},
		{map[string]adapters.Item{"A": {ID: "A", Ref: "17"}}, `{"lines":[{"called":null,"n":1,"own":"17","sku":"A"}]}`},
		{map[string]adapters.Item{"B": item}, `{"lines":[{"called":null,"n":1,"own":null,"sku":"A"}]}`},
		{nil, `{"lines":[{"called":null,"n":1,"own":null,"sku":"A"}]}`},
		{map[string]adapters.Item{"A": {Ref: "{broken"}}, `{"lines":[{"called":null,"n":1,"own":null,"sku":"A"}]}`},
	} {
		r.Items = c.items
		if _, err := a.Quote(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if got := f.bodies[len(f.bodies)-1]; got != c.want {
			t.Errorf("the body is %s, want %s", got, c.want)
		}
	}
	// An id is one segment of the path, whatever an agent writes.
	if _, err := a.Item(t.Context(), "A/B"); err == nil || commerce.KindOf(err) != commerce.Temporary {
		t.Errorf("images of null: %v", err)
	}
	for _, id := range []string{"", ".", "..", "a\nb"} {
		before := len(f.calls())
		if _, err := a.Item(t.Context(), id); commerce.KindOf(err) != commerce.ItemUnavailable || len(f.calls()) != before {
			t.Errorf("item %q: %v", id, err)
		}
	}
	if calls := f.calls(); calls[len(calls)-1] != "GET /items/A%2FB" {
		t.Errorf("calls %v", calls)
	}
}

func TestItemRefuses(t *testing.T) {
	t.Parallel()
	const answer = `{"sku":"A","v":17,"title":"Tea","text":"green","image":"a.png","p":3,"kind":"food","price":"20.00"}`
	whole := "    result: .got.body\n"
	for name, c := range map[string]struct {
		result, answer string
		status         int
		want           commerce.Kind
	}{
		"not there":          {wholeItem, `{"code":"none"}`, 404, commerce.ItemUnavailable},
		"null":               {".got.body.nothing", answer, 0, commerce.ItemUnavailable},
		"another item":       {wholeItem, strings.Replace(answer, `"A"`, `"B"`, 1), 0, commerce.Temporary},
		"a price unseen":     {".got.body | {title} + ({price} | with_entries(.key = \"cost\"))", answer, 0, commerce.Temporary},
		"a title of numbers": {".got.body | {title: [1]}", answer, 0, commerce.Temporary},
		"a ref that is none": {".got.body | {ref: [1]}", answer, 0, commerce.Temporary},
		"a shop that is ill": {wholeItem, `{}`, 503, commerce.Temporary},
		"an HTML page":       {wholeItem, `<h1>no</h1>`, 0, commerce.Temporary},
	} {
		text := withItem(c.result)
		if name == "a price unseen" { // what is computed at run time is refused there
			text = strings.Replace(withItem("."), "    result: '.'\n", whole, 1)
		}
		f, a := open(t, text, map[string]string{"GET /items/A": c.answer})
		f.status["GET /items/A"] = c.status
		item, err := a.Item(t.Context(), "A")
		if err == nil || commerce.KindOf(err) != c.want {
			t.Errorf("%s: %+v, %v, want %s", name, item, err, c.want)
		}
		if fault, ok := errors.AsType[*commerce.Fault](err); ok && c.want == commerce.ItemUnavailable && fault.Item != "A" {
			t.Errorf("%s: the fault is about %q", name, fault.Item)
		}
	}
}

func TestItemMistakesAreFoundWhenLoading(t *testing.T) {
	t.Parallel()
	good := withItem(wholeItem)
	cases := []struct{ old, now, mark, want string }{
		{"title, description", "title, price, description", "title, price,", `"price" is a price or a stock`},
		{"{variant: .v}", "{variant: .v, left: .in_stock}", "left: .in_stock", `"in_stock" is a price or a stock`},
		{"{variant: .v}", "{variant: .v, n: .total}", "n: .total", `"total" is a price or a stock`},
		{"get: /items/{$in.item}", "post: /items/{$in.item}", "- id: got\n        post:", "say safe: true"},
		{"{status: 404, as: ItemUnavailable}", "{status: 404, as: OutOfStock, continue: true}", "continue: true", "only the steps of quote can go on"},
		{"    result: '" + wholeItem + "'\n", "", "  item:", "operations.item.result"},
		{"{id: .sku,", "{id: .sku,,", "{id: .sku,,", "cannot be read"},
	}
	for _, c := range cases {
		if !strings.Contains(good, c.old) {
			t.Fatalf("%q is not in the description", c.old)
		}
		text := strings.Replace(good, c.old, c.now, 1)
		_, err := load(text, nil)
		line := 1 + strings.Count(text[:strings.Index(text, c.mark)], "\n")
		found := false
		for _, p := range config.ProblemsOf(err) {
			if strings.Contains(p.String(), c.want) && p.Line >= line && p.Line <= line+1 {
				found = true
			}
		}
		if !found {
			t.Errorf("%s: no problem near line %d says %q: %v", c.now, line, c.want, err)
		}
	}
	if a, err := load(good, nil); err != nil || a.Item == nil {
		t.Errorf("the good one: %v", err)
	}
	if a, err := load(stateless, nil); err != nil || a.Item != nil {
		t.Errorf("a shop without a catalogue has one: %v", err)
	}
}

func TestAMissingDescriptionIsAProblemOfTheSettingThatNamesIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := "# shop\nbase_url: http://shop.example\nfile: nosuch.yaml\n"
	problemsOf := func() config.Problems {
		section, err := config.ParseSection("gateway.yaml", []byte(text), config.Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		_, err = declarative.New(section, declarative.Deps{Clock: clock.System()})
		return config.ProblemsOf(err)
	}
	got := problemsOf()
	if len(got) != 1 || got[0].File != "gateway.yaml" || got[0].Line != 3 || got[0].Path != "file" || !strings.Contains(got[0].Message, "nosuch.yaml") {
		t.Errorf("problems %v", got)
	}
	if err := os.WriteFile(filepath.Join(dir, "nosuch.yaml"), []byte("a: [\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, p := range problemsOf() {
		if filepath.Base(p.File) != "nosuch.yaml" || p.Line == 0 {
			t.Errorf("a mistake in the description is placed at %v", p)
		}
	}
}
