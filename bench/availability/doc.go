// Command availability counts what goes wrong for whoever applies workloads
// while the webhook is restarted, drained, killed, given new certificates or a
// new configuration. A real API server calls real webhooks, each a process of
// its own, through a balancer that stands for their Service; 100 applies a second
// (server dry runs) go through that API server all the time. Run it with
// `make bench-availability`, which writes the table of docs/availability.md.
package main
