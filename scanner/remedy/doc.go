// Package remedy decides which pods with zombies are evicted: what is asked of a
// report, of the pod and its owner as the API server has them now, and of all
// that was done before.
//
// It is pure, and takes no for the answer wherever something is not known.
// Package desk does what it decides.
package remedy
