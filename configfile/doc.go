// Package configfile reads a versioned configuration file strictly, names every
// mistake by file, line and field, and follows a file that changes.
//
// A Format says which file it is: its kind, its defaults, and what can be read
// but can't be meant. Only Watcher reads a file; the rest is pure.
package configfile
