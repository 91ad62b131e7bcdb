// Package cluster holds, one package a subject, what the webhook asks of the
// API server and tells it beside its answers: pull secrets, mirrors, the nodes'
// platforms, where zombies were seen, Events.
package cluster
