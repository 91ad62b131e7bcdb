// Package registry reads what an image says about its process, out of a
// registry (Client) or out of a local file (Source).
//
// It reads the manifest and the config of each platform that is asked for, and
// layers when a file is asked for (package rootfs), with the rights that got
// the image. Everything that comes from outside is bounded in bytes, entries,
// redirects and time, and its digest is checked, but for layers that are not
// read to their end.
package registry
