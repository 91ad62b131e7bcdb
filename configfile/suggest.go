package configfile

import "strings"

// hint helps with a name that isn't known: the nearest known name when one is
// close, else all of them.
func hint(name string, known []string) string {
	if near := Nearest(name, known); near != "" {
		return `did you mean "` + near + `"?`
	}
	return "known are " + strings.Join(known, ", ")
}

// Nearest returns the known name that takes the fewest edits to reach, at most
// a third of the letters; empty when none is that close. A name that starts
// with the other is as close as one edit: warning for warn.
func Nearest(name string, known []string) string {
	if len(name) > MaxValue {
		return ""
	}
	name = strings.ToLower(name)
	best, least := "", len(name)+1
	for _, k := range known {
		distance, allowed := edits(name, strings.ToLower(k)), max(2, max(len(name), len(k))/3)
		if startsWith(name, strings.ToLower(k)) {
			distance = min(distance, 1)
		}
		if distance <= allowed && distance < min(least, len(k)) {
			best, least = k, distance
		}
	}
	return best
}

// startsWith reports whether either is the beginning of the other, and more
// than a letter or two.
func startsWith(a, b string) bool {
	return min(len(a), len(b)) > 2 && (strings.HasPrefix(a, b) || strings.HasPrefix(b, a))
}

// edits counts the bytes to insert, delete, replace or swap with their
// neighbour to make b of a.
func edits(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			changed := 1
			if a[i-1] == b[j-1] {
				changed = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+changed)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
