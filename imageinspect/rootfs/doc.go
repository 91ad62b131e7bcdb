// Package rootfs gives one file out of an image's layers, without unpacking
// them: layers are streamed from the top, and no further than needed.
package rootfs
