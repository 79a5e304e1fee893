package config_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-gateway/postern/config"
)

// settings is what an adapter might decode.
type settings struct {
	URL     string                    `yaml:"url,required"`
	Token   config.Secret             `yaml:"token"`
	Timeout time.Duration             `yaml:"timeout"`
	Retry   *bool                     `yaml:"retry"`
	Depth   int8                      `yaml:"depth"`
	Count   uint16                    `yaml:"count"`
	Since   time.Time                 `yaml:"since"`
	Steps   []step                    `yaml:"steps"`
	Regions map[string]string         `yaml:"regions"`
	Parts   map[string]config.Section `yaml:"parts"`
	Rest    any                       `yaml:"rest"`
	Ignored string
}

type step struct {
	Name string         `yaml:"name,required"`
	Body config.Section `yaml:"body"`
	When string         `yaml:"when"`
}

func (s *step) SetDefaults() { s.When = "always" }

const sectionFile = `# a comment on the first line
url: https://shop.example
token: "${env:SHOP_TOKEN}"
timeout: 1m30s
retry: true
depth: -3
count: 0x10
since: 2026-01-02T03:04:05Z
steps:
  - name: open
  - name: fill
    when: |
      .a
      | .b
    body:
      sku: .sku
      "x.y": [1, 2.50, null, "t", true, -7, 12345678901234567890]
regions: {de: "19", "at.1": x}
parts:
  first: plain text
  second: {a: 1}
`

func parseSection(t *testing.T, text string) config.Section {
	t.Helper()
	s, err := config.ParseSection("shop.yaml", []byte(text), testOptions())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSectionDecode(t *testing.T) {
	t.Parallel()
	s := parseSection(t, sectionFile)
	got := settings{Rest: "kept"}
	if err := s.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if got.URL != "https://shop.example" || got.Token.Reveal() != "canary_shop" || got.Timeout != 90*time.Second || !*got.Retry ||
		got.Depth != -3 || got.Count != 16 || !got.Since.Equal(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)) || got.Rest != "kept" {
		t.Errorf("got %+v", got)
	}
	if diff := cmp.Diff(map[string]string{"de": "19", "at.1": "x"}, got.Regions); diff != "" {
		t.Errorf("regions (-want +got):\n%s", diff)
	}
	if len(got.Steps) != 2 || got.Steps[0].When != "always" || got.Steps[1].When != ".a\n| .b\n" {
		t.Errorf("steps = %+v", got.Steps)
	}
	var body any
	if err := got.Steps[1].Body.Decode(&body); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"sku": ".sku", "x.y": []any{1, json.Number("2.50"), nil, "t", true, -7, json.Number("12345678901234567890")}}
	if diff := cmp.Diff(want, body); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
	if !got.Parts["first"].IsText() || got.Parts["second"].IsText() {
		t.Error("IsText is wrong")
	}
	if diff := cmp.Diff([]string{"url", "token", "timeout", "retry", "depth", "count", "since", "steps", "regions", "parts"}, s.Keys()); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}

func TestSectionProblems(t *testing.T) {
	t.Parallel()
	s := parseSection(t, sectionFile)
	type at struct {
		Line, Column int
		Path         string
	}
	for path, want := range map[string]at{
		"url":                    {2, 6, "url"},
		"steps":                  {9, 1, "steps"},
		"steps[1]":               {11, 5, "steps[1]"},
		"steps[1].when":          {12, 11, "steps[1].when"},
		"steps[1].body.sku":      {16, 12, "steps[1].body.sku"},
		`steps[1].body["x.y"]`:   {17, 7, `steps[1].body["x.y"]`},
		`regions["at.1"]`:        {18, 29, `regions["at.1"]`},
		"steps[9].body":          {9, 1, "steps[9].body"},
		"steps[1].body.no.thing": {15, 5, "steps[1].body.no.thing"},
	} {
		p := s.Problem(path, "wrong")
		if got := (at{p.Line, p.Column, p.Path}); got != want || p.File != "shop.yaml" {
			t.Errorf("Problem(%q) = %+v, want %+v", path, p, want)
		}
	}
	step := s.Get("steps").Items()[1]
	if p := step.Get("body").Problem("sku", "wrong"); p.Line != 16 || p.Path != "steps[1].body.sku" {
		t.Errorf("nested problem = %+v", p)
	}
	if p := step.Get("absent").Problem("x", "wrong"); p.Line != 11 || p.Path != "steps[1].absent.x" {
		t.Errorf("problem of an absent section = %+v", p)
	}
	if !step.Has("body") || step.Has("absent") || !step.Get("absent").IsZero() || step.Line() != 11 || step.Path() != "steps[1]" {
		t.Error("Has, IsZero, Line or Path is wrong")
	}
}

func TestSectionRefusals(t *testing.T) {
	t.Parallel()
	s := parseSection(t, `tokn: x
timeout: fast
retry: 1
depth: 300
count: -1
since: yesterday
steps:
  - when: x
  -
  - plain
regions: [de]
token: literal
rest: [0x1F]
`)
	var got settings
	problems := config.ProblemsOf(s.Decode(&got))
	want := strings.Join([]string{
		`shop.yaml:1:1: tokn: unknown key; did you mean "token"?`,
		`shop.yaml:1:1: url: is required; add the key "url" here`,
		`shop.yaml:2:10: timeout: "fast" is no duration; write a number with a unit, such as 500ms, 30s, 10m or 6h`,
		`shop.yaml:3:8: retry: wants true or false, but this is a number; write the plain value`,
		`shop.yaml:4:8: depth: 300 is not a whole number that fits here; write plain digits`,
		`shop.yaml:5:8: count: -1 is not a whole number of zero or more that fits here; write plain digits`,
		`shop.yaml:6:8: since: "yesterday" is no date; write 2027-01-31 (midnight UTC) or 2027-01-31T18:00:00Z`,
		`shop.yaml:8:5: steps[0].name: is required; add the key "name" here`,
		`shop.yaml:9:4: steps[1]: this member of the list is empty; give it a value or delete it`,
		`shop.yaml:10:5: steps[2]: wants a group of keys, but this is text; put its keys on the lines below, indented`,
		`shop.yaml:11:10: regions: wants a group of keys, but this is a list; put its keys on the lines below, indented`,
		`shop.yaml:12:8: token: a secret must not stand in the file; write "${env:NAME}" or "${file:/path}"`,
		`shop.yaml:13:8: rest[0]: 0x1F is no plain decimal number; write it in digits, or in quotes if it is text`,
	}, "\n")
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(problems.Error(), "\n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestZeroSection(t *testing.T) {
	t.Parallel()
	var s config.Section
	var got settings
	problems := config.ProblemsOf(s.Decode(&got))
	if len(problems) != 1 || problems[0].Path != "url" || problems[0].Line != 0 {
		t.Errorf("problems = %v", problems)
	}
	if !s.IsZero() || s.Has("x") || s.Keys() != nil || s.Items() != nil || !s.Get("x").IsZero() {
		t.Error("the zero Section is not empty")
	}
	if err := s.Decode(settings{}); err == nil {
		t.Error("Decode into a value that is no pointer did not fail")
	}
}

// TestSectionLoad follows settings to another file, whose problems carry its own name and whose secrets are resolved.
func TestSectionLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "shops"), 0o700); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "shops", "a.yaml"), 0o600, "url: https://shop.example\ntoken: \"${env:SHOP_TOKEN}\"\ndepth: deep\n")
	path := filepath.Join(dir, "gateway.yaml")
	writeFile(t, path, 0o600, strings.Replace(smallFile, "currency:", "settings: {file: shops/a.yaml}\n    currency:", 1))
	cfg, err := config.Load(path, testOptions())
	if err != nil {
		t.Fatal(err)
	}
	var outer struct {
		File string `yaml:"file,required"`
	}
	section := cfg.Shops["main"].Settings
	if err := section.Decode(&outer); err != nil {
		t.Fatal(err)
	}
	inner, err := section.Load(outer.File)
	if err != nil {
		t.Fatal(err)
	}
	var got settings
	want := config.Problems{{
		File: filepath.Join(dir, "shops", "a.yaml"), Line: 3, Column: 8, Path: "depth",
		Message: "wants a whole number, but this is text; write it without quotes",
	}}
	if diff := cmp.Diff(want, config.ProblemsOf(inner.Decode(&got))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got.Token.Reveal() != "canary_shop" {
		t.Errorf("token = %q", got.Token.Reveal())
	}
	if _, err := section.Load("shops/none.yaml"); config.ProblemsOf(err)[0].File != filepath.Join(dir, "shops", "none.yaml") {
		t.Errorf("a missing file: %v", err)
	}
}
