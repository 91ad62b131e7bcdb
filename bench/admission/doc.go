// Command admission measures what an admission request costs initguard's
// webhook, beside the Pod Security admission webhook: both as processes of their
// own before one real API server, asked the same over TLS in turn, as that server
// asks. Run it with `make bench-admission`; it takes Linux, since it reads the
// CPU time of processes from /proc.
//
// With -images it measures instead what the webhook's memory is once it knows
// that many images. What both print stands in docs/performance.md.
package main
