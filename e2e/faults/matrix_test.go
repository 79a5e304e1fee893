package faults_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// rows are the rows of the fault matrix that are proved by a test each; row 10 is package torture.
var rows = []int{
	1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 21, 24, 25, 26, 27, 28, 29, 30, 31, 35, 36, 37, 38, 39, 43, 53, 54, 55, 57, 58,
	59, 60, 61, 62, 64,
}

// rules is how many rules the saga has, S1 to S18.
const rules = 18

// testNames are the names of all tests in the module, by folder.
func testNames(t *testing.T) map[string][]string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string][]string{}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "node_modules"):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return fmt.Errorf("read the tests of %s: %w", path, err)
		}
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
				folder, err := filepath.Rel(root, filepath.Dir(path))
				if err != nil {
					return err
				}
				names[folder] = append(names[folder], f.Name.Name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestEveryRowAndRuleHasItsTest: a row of the fault matrix is TestFaultNN_WhatHappens, here through the whole gateway; a rule of the
// saga is TestSNN_WhatItSays, wherever it is best shown.
func TestEveryRowAndRuleHasItsTest(t *testing.T) {
	t.Parallel()
	names := testNames(t)
	all := slices.Concat(slices.Collect(maps.Values(names))...)
	has := func(in []string, pattern string) bool {
		return slices.ContainsFunc(in, regexp.MustCompile(pattern).MatchString)
	}
	here := names[filepath.Join("e2e", "faults")]
	if len(here) == 0 || len(names) < 10 {
		t.Fatalf("tests were looked for in the wrong place: %d folders", len(names))
	}
	for _, row := range rows {
		if !has(here, fmt.Sprintf(`^TestFault%02d_[A-Z]`, row)) {
			t.Errorf("row %d of the fault matrix has no test TestFault%02d_… here", row, row)
		}
	}
	for rule := 1; rule <= rules; rule++ {
		if !has(all, fmt.Sprintf(`^TestS%02d_?[A-Z]`, rule)) {
			t.Errorf("rule S%d of the saga has no test TestS%02d_…", rule, rule)
		}
	}
	if has(all, `^TestFault99_`) || !has(here, `^TestEveryRowAndRuleHasItsTest$`) {
		t.Error("the search finds what is not there, or not what is")
	}
}
