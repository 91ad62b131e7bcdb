// Command benchscan measures what a scan of /proc costs, beside a minimal loop in
// C and node_exporter's processes collector, in one run: CPU for each process
// and resident memory. Run it with `make bench-scan`, as root on Linux with gcc.
//
// The processes are in a PID namespace of their own, with a /proc that shows
// them alone, and end with it.
package main
