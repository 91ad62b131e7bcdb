// Command collector measures what it costs the responder to ask the scanners of
// a large cluster once a minute. The scanners are real servers with real TLS in
// a process of their own, with something made up in place of /proc; pods, owners
// and reports come from memory, so that what is measured is this process alone.
package main
