// Corpus says how often initguard is right about real container entrypoints.
//
// It evaluates labelled cases (a JSON file and bare repositories, neither of
// which is part of this project) with the product's own evaluator and prints
// what was right, wrong and Unknown, and every miss. The project's own cases
// lie in testdata and run with `go test`.
package main
