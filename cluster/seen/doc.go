// Package seen knows on which nodes initguard's own image was seen to run. A pod
// gets an init container of that image only where it is known to start.
//
// Decide is pure; Watcher keeps what it decides by in memory.
package seen
