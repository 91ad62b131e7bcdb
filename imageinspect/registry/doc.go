// Package registry reads what an image says about its process, out of a
// registry (Client) or out of a local file (Source).
//
// It reads the manifest and the config of each platform that is asked for and
// nothing else. Everything that comes from outside is bounded in bytes,
// entries, redirects and time, and its digest is checked.
package registry
