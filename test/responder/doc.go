// Package responder tests `initguard responder` before a real API server, with
// scanners that serve over real TLS what a test makes up for /proc.
package responder
