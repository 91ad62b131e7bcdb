// Package process owns the programs that a test cluster consists of.
//
// A [Group] is a folder of its own and the processes that work in it. Each
// process is ended by its own pid, never by name, and the last lines of its log
// are part of the error when it ends too early.
//
// A group's owner may be killed before it can clean up. Three things together
// make sure that nothing is left then:
//
//   - The owner holds a lock on the group's folder, which the kernel drops when
//     the owner ends. Unlike a recorded pid it can't be mistaken for a later
//     process, nor for one in another container.
//   - The folder records the pid and start time of every process. [New] kills
//     the recorded processes of folders without an owner, after comparing the
//     start time, and removes the folders.
//   - On Linux the kernel kills the processes together with their owner, so
//     that nothing has to wait for the next start.
package process
