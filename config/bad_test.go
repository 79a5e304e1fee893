package config_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-gateway/postern/config"
)

var update = flag.Bool("update", false, "rewrite the expected problems in testdata/bad")

// TestBadFiles loads every file of testdata/bad. The problems that it must give, all of them and no other, stand in its
// first lines as comments: "# want: line:column: path: message".
func TestBadFiles(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) < 40 {
		t.Fatalf("found %d files (%v), want at least 40", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			cfg, err := config.Parse(data, testOptions())
			problems := config.ProblemsOf(err)
			if cfg != nil {
				problems = append(problems, cfg.Warnings...)
			}
			problems.Sort()
			var got []string
			for _, p := range problems {
				got = append(got, "# want: "+p.String())
			}
			if *update {
				rewriteWants(t, file, string(data), got)
				return
			}
			if len(got) == 0 {
				t.Fatal("the file has no problem")
			}
			if diff := cmp.Diff(wants(string(data)), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestTenMistakes pins the promise that one look at the list is enough: ten different mistakes, ten problems, ten lines.
func TestTenMistakes(t *testing.T) {
	t.Parallel()
	cfg, err := config.Load("testdata/bad/ten-mistakes.yaml", testOptions())
	problems := config.ProblemsOf(err)
	lines := map[int]bool{}
	messages := map[string]bool{}
	for _, p := range problems {
		lines[p.Line] = true
		messages[p.Message] = true
		if p.File != "testdata/bad/ten-mistakes.yaml" || p.Column == 0 || p.Path == "" {
			t.Errorf("a problem without its place: %+v", p)
		}
	}
	if len(problems) != 10 || len(lines) != 10 || len(messages) != 10 || len(cfg.Warnings) != 0 {
		t.Errorf("got %d problems on %d lines with %d messages and %d warnings, want ten of each and no warning:\n%v",
			len(problems), len(lines), len(messages), len(cfg.Warnings), problems)
	}
}

func wants(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "# want: ") {
			out = append(out, strings.TrimSuffix(line, "\n"))
		}
	}
	return out
}

// rewriteWants replaces the comments at the head of a file, keeping their number so that no line moves.
func rewriteWants(t *testing.T, file, text string, got []string) {
	t.Helper()
	var body strings.Builder
	head := 0
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "# want:") {
			head++
			continue
		}
		body.WriteString(line)
	}
	if head != len(got) {
		t.Fatalf("%s: has %d want lines and gives %d problems; make room for them first:\n%s", file, head, len(got), strings.Join(got, "\n"))
	}
	writeFile(t, file, 0o644, strings.Join(got, "\n")+"\n"+body.String())
}
