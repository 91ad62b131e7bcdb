// Command measure finds out what real programs do as PID 1.
//
// Each form (a program and its arguments) comes out of Debian packages that
// are unpacked into a throwaway root, starts as PID 1 of namespaces of its own
// and is given orphans. What it did with them is compared with, or written to,
// imageinspect/initdb/measured.json, together with what the program's file says
// of itself: build ID, marks, Go. Nothing is installed on the host and no
// process outside of those namespaces is signalled. It fails where a program
// does something else than the data says; another version is only printed.
//
//	go run ./test/measure                 measure all, print differences (root)
//	go run ./test/measure -only '^tini'   some forms
//	go run ./test/measure -sample         the fixed sample that CI measures
//	go run ./test/measure -update         write what was measured
//	go run ./test/measure -files -update  look at files again, without orphans
//	go run ./test/measure -list           the forms
//	go run ./test/measure -docs FILE      write the page for people (no root)
package main
