package conformance_test

import (
	"slices"
	"testing"

	"github.com/postern-gateway/postern/gateway/conformance"
)

// wanted are the 120 statements with their profiles.
var wanted = map[string]conformance.Profile{
	"GEN-01": "A", "GEN-02": "A", "GEN-03": "A", "GEN-04": "A", "GEN-05": "A", "GEN-06": "5", "GEN-07": "A", "GEN-08": "A",
	"GEN-09": "E", "GEN-10": "E", "GEN-11": "E", "GEN-12": "E",
	"SIG-01": "E",
	"SEC-01": "A",
	"IDM-01": "5", "IDM-02": "A", "IDM-03": "5", "IDM-04": "A", "IDM-05": "5", "IDM-06": "5", "IDM-07": "3-", "IDM-08": "5",
	"IDM-09": "A", "IDM-10": "A", "IDM-11": "A", "IDM-12": "A", "IDM-13": "A", "IDM-14": "A", "IDM-15": "A", "IDM-16": "E",
	"CRE-01": "A", "CRE-02": "3-", "CRE-03": "4", "CRE-04": "A", "CRE-05": "A", "CRE-06": "A", "CRE-07": "4", "CRE-08": "A",
	"CRE-09": "E",
	"UPD-01": "A", "UPD-02": "A", "UPD-03": "A", "UPD-04": "A", "UPD-05": "A", "UPD-06": "2", "UPD-07": "E",
	"GET-01": "A", "GET-02": "A", "GET-03": "A", "GET-04": "2",
	"CMP-01": "A", "CMP-02": "3-", "CMP-03": "4", "CMP-04": "4", "CMP-05": "A", "CMP-06": "A", "CMP-07": "A", "CMP-08": "A",
	"CMP-09": "A", "CMP-10": "4", "CMP-11": "VU", "CMP-12": "E",
	"CAN-01": "A", "CAN-02": "A", "CAN-03": "A", "CAN-04": "2", "CAN-05": "2",
	"STA-01": "A", "STA-02": "2", "STA-03": "A", "STA-04": "E",
	"MSG-01": "A", "MSG-02": "5", "MSG-03": "5",
	"TOT-01": "A", "TOT-02": "A", "TOT-03": "A", "TOT-04": "3-", "TOT-05": "A", "TOT-06": "A",
	"DSC-01": "4", "DSC-02": "4", "DSC-03": "4", "DSC-04": "4", "DSC-05": "4",
	"CAP-01": "4", "CAP-02": "4", "CAP-03": "4",
	"PAY-01": "4", "PAY-02": "3-", "PAY-03": "5",
	"TDS-01": "2", "TDS-02": "2", "TDS-03": "2", "TDS-04": "E",
	"ATT-01": "2", "ATT-02": "2",
	"MKT-01": "5", "MKT-02": "5",
	"CRT-01": "5", "CRT-02": "5", "CRT-03": "5", "CRT-04": "5",
	"DIS-01": "5", "DIS-02": "5", "DIS-03": "5", "DIS-04": "5",
	"MCP-01": "5", "MCP-02": "5", "MCP-03": "5", "MCP-04": "5",
	"WHK-01": "A", "WHK-02": "5", "WHK-03": "A", "WHK-04": "3-", "WHK-05": "E", "WHK-06": "A",
	"ORD-01": "5", "ORD-02": "5", "ORD-03": "5",
}

// TestStatementsAreWhole finds missing, doubled and strange statements.
func TestStatementsAreWhole(t *testing.T) {
	t.Parallel()
	first := map[conformance.Profile]string{"A": "2025-09-29", "2": "2025-12-12", "4": "2026-01-30", "5": "2026-04-17", "3-": "2025-09-29", "VU": "unreleased"}
	seen := map[string]bool{}
	for _, s := range conformance.Statements() {
		switch profile, ok := wanted[s.ID]; {
		case !ok:
			t.Errorf("%s is no statement of the 120", s.ID)
		case profile != s.Profile:
			t.Errorf("%s has the profile %s, want %s", s.ID, s.Profile, profile)
		case seen[s.ID]:
			t.Errorf("%s is there twice", s.ID)
		}
		seen[s.ID] = true
		if from, ok := first[s.Profile]; ok && s.From != from {
			t.Errorf("%s of profile %s begins with %s, want %s", s.ID, s.Profile, s.From, from)
		}
		if (s.Profile == "3-") != (s.To != "") {
			t.Errorf("%s of profile %s ends with %q", s.ID, s.Profile, s.To)
		}
		if s.Text == "" || s.Source == "" && s.Profile != "E" && s.ID != "TOT-06" {
			t.Errorf("%s has no text or no source", s.ID)
		}
	}
	if len(seen) != 120 || len(wanted) != 120 {
		t.Errorf("there are %d statements, want 120; the list has %d", len(seen), len(wanted))
	}
}

// TestStatementsApply looks at which statements are tried in which date.
func TestStatementsApply(t *testing.T) {
	t.Parallel()
	for _, s := range conformance.Statements() {
		dates := 0
		for _, date := range conformance.Versions() {
			ok, why := s.Applies(date, conformance.REST)
			if s.OnlyMCP {
				ok, why = s.Applies(date, conformance.MCP)
			}
			if ok {
				dates++
			} else if why == "" {
				t.Errorf("%s does not apply to %s without a reason", s.ID, date)
			}
			if inside := date >= s.From && (s.To == "" || date <= s.To); ok != inside && s.Profile != "VU" {
				t.Errorf("%s applies to %s: %v, want %v", s.ID, date, ok, inside)
			}
		}
		if dates == 0 {
			t.Errorf("%s is tried in no date", s.ID)
		}
	}
	if !slices.Equal(conformance.Published(), slices.Sorted(slices.Values(conformance.Published()))) {
		t.Error("the dates are not in order")
	}
}
