package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/config"
)

// FuzzLoad feeds any text to the loader. It must not panic, must place every problem inside the text, must keep the
// list sorted, must give the same answer twice, and must never repeat a secret.
func FuzzLoad(f *testing.F) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range append(files, "../gateway.yaml") {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(smallFile))
	f.Add([]byte("a: &x [*x, *x]\n? {b: c}\n: |\n  d\n<<: *x\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		opts := testOptions()
		opts.LookupEnv = func(string) (string, bool) { return "sk_test_canary", true }
		cfg, err := config.Parse(data, opts)
		if cfg == nil {
			t.Fatal("Parse returned no Config")
		}
		var problems config.Problems
		if err != nil && (!errors.As(err, &problems) || len(problems) == 0) {
			t.Fatalf("the error is no list of problems: %v", err)
		}
		lines := strings.Count(string(data), "\n") + strings.Count(string(data), "\r") + 1
		for i, p := range problems {
			if p.Line < 0 || p.Line > lines+1 || p.Message == "" || p.Warning {
				t.Fatalf("problem out of place in %d lines: %+v", lines, p)
			}
			if i > 0 && problems[i-1].Line > p.Line {
				t.Fatalf("problems out of order:\n%v", problems)
			}
		}
		if err != nil && strings.Contains(err.Error(), "canary") && !strings.Contains(string(data), "canary") {
			t.Fatalf("a secret is repeated: %v", err)
		}
		_, again := config.Parse(data, opts)
		if config.ProblemsOf(err).Error() != config.ProblemsOf(again).Error() {
			t.Fatalf("two answers for one text:\n%v\n\n%v", err, again)
		}
		for _, name := range cfg.ShopNames() {
			var settings map[string]any
			_ = cfg.Shops[name].Settings.Decode(&settings) // any answer will do, a panic will not
		}
	})
}
