// Package node is what runs on every node: it scans /proc again and again, and
// serves what it found to those who have the right certificate. It knows no API
// server and needs no privileges.
package node
