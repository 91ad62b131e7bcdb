// Package notice decides whom to tell what, and when, about the zombies of a
// namespace's workloads: one digest a namespace, none twice, none lost.
package notice
