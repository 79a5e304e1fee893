package shop

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// The package comment is what an adapter's author writes from, so it must name
// every call, operation, fault, code and article.
func TestPackageCommentNamesEverything(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(raw)
	spaces := regexp.MustCompile(`\s+`)
	flat := spaces.ReplaceAllString(strings.ReplaceAll(doc, "//", " "), " ")
	has := func(what string) {
		t.Helper()
		if !strings.Contains(flat, " "+what) {
			t.Errorf("doc.go does not name %q", what)
		}
	}
	for _, rt := range api {
		has(rt.pattern)
		has(string(rt.operation))
	}
	for _, k := range kinds {
		has(string(k))
	}
	for _, it := range Catalogue() {
		has(it.SKU)
	}
	for _, v := range vouchers {
		has(v.code)
	}
	codes := 0
	for _, file := range []string{"answer.go", "cart.go", "session.go", "place.go", "order.go", "orderbook.go", "subscriber.go", "misbehave.go"} {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`Code: "([A-Z]+)"`).FindAllSubmatch(src, -1) {
			codes++
			if !regexp.MustCompile(`[0-9]{3} ` + string(m[1])).MatchString(flat) {
				t.Errorf("%s refuses with %s, which doc.go does not list", file, m[1])
			}
		}
	}
	if codes < 15 {
		t.Fatalf("found %d codes only: the search is broken", codes)
	}
}
