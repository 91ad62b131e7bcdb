//go:build !linux

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "benchscan: needs Linux: it measures /proc")
	os.Exit(1)
}
