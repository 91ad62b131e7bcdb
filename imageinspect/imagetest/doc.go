// Package imagetest makes small images and serves them from a registry in
// memory, over real HTTP on loopback, that can be told to misbehave. It is for
// tests and the demo.
package imagetest
