package translate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-gateway/postern/translate"
)

func TestSet(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"2025-09-12": "2025-09-29", "2026-01-15": "2026-01-16", "2026-01-22": "2026-01-30", "2026-01-28": "2026-01-30",
	} {
		if _, ok := (translate.Set{Unreleased: true}).Lookup(header); ok {
			t.Errorf("%s is taken without being asked for", header)
		}
		if v, ok := (translate.Set{Aliases: true}).Lookup(header); !ok || v.Date != want {
			t.Errorf("%s stands for %q, want %s", header, v.Date, want)
		}
	}
	for _, set := range []translate.Set{{}, {Aliases: true}, {Unreleased: true}, {Aliases: true, Unreleased: true}} {
		for _, date := range translate.SupportedVersions() {
			if v, ok := set.Lookup(date); !ok || v.Date != date {
				t.Errorf("%+v does not find %s", set, date)
			}
		}
		for _, header := range []string{"", "2025-09-13", "2026-01-17", "2026-01-29", "Unreleased", "unreleased ", "2026-04-18", "2024-01-01"} {
			if _, ok := set.Lookup(header); ok {
				t.Errorf("%+v finds %q: there is no nearest date", set, header)
			}
		}
		if v, ok := set.Lookup("unreleased"); ok != set.Unreleased || ok && v.Date != "unreleased" {
			t.Errorf("%+v: the preview is found: %t, %q", set, ok, v.Date)
		}
		if diff := cmp.Diff([]string{"2025-09-29", "2025-12-12", "2026-01-16", "2026-01-30", "2026-04-17"}, set.Supported()); diff != "" {
			t.Errorf("%+v lists more or less than the published dates:\n%s", set, diff)
		}
	}
}
