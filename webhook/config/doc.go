// Package config is what people set: the webhook's versioned configuration
// file, and the modes that namespace labels and pod-template annotations put
// over it.
//
// Parse reads bytes strictly and names every mistake by file, line and field.
// ModesFor and ForTemplate decide from labels and annotations. How files are
// read and followed is in configfile.
package config
