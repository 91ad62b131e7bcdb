// Package render writes results: as text for people, and as JSON, YAML or
// SARIF for programs. Its types are the JSON that users rely on.
//
// It only writes to the io.Writer that it is given. Text is made printable
// first, since much of it comes out of images and manifests; JSON and YAML hold
// it as it is.
package render
