package config

import (
	"fmt"
	"strings"
)

// remedyForKey says what to write instead of a key that nobody knows: the nearest known key, or the list of them.
func remedyForKey(name string, known []string) string {
	best, bestDistance := "", len(name)/2+1
	for _, k := range known {
		if dist := editDistance(name, k); dist < bestDistance {
			best, bestDistance = k, dist
		}
	}
	switch {
	case best != "":
		return fmt.Sprintf("did you mean %q?", best)
	case len(known) == 0:
		return "delete it: no keys belong here"
	}
	return "delete it: the keys here are " + strings.Join(known, ", ")
}

// editDistance counts the single-letter edits from a to b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
