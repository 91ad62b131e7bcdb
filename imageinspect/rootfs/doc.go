// Package rootfs gives one file out of an image's layers, without unpacking
// them: layers are streamed from the top, and no further than needed.
//
// Paths mean what they mean to the container: upper layers go before lower
// ones, whiteouts and opaque folders hide what lies below, symlinks are
// followed one component at a time and never leave the image.
//
// A stream is cut as soon as the answer went by. What comes after that is not
// known: an entry that the layer lists twice is taken as it stands first, and
// the layer's digest is not checked. That is a heuristic which costs an honest
// image nothing. "Not there" is only said of layers that were read to their
// end, whose digest is checked.
//
// Everything in a layer is foreign: bytes, entries, links, headers and time are
// bounded, and each bound has its own words (Error).
package rootfs
