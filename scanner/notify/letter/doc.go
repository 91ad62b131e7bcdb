// Package letter writes a digest as a mail: its subject, its text, its HTML, and
// the message with its headers.
//
// It is pure. Names in a digest come from processes, and nobody has checked
// them: each goes through clean before it stands in a line, and through
// html.EscapeString before it stands in HTML. The bounds are those of the mail:
// MaxFull workloads in full, then a table, then a number.
package letter
