// Package e2e holds the tests that need a node: pods run on it, from images
// that containerd pulls, and what happens to orphans is counted in /proc. Run
// them with `make e2e`, as root on Linux.
package e2e
