// Package scanner says why zombies are there: which process should have waited
// for each, in which container, since when, how fast they grow in number, and
// whether an init would help.
//
// It decides over plain data. What /proc says is read by scanner/proc.
package scanner
