// Package explain says in words what a ZombieReport means: which containers have
// zombies, why, what starts them, and what ends them. The command line and the
// mails say the same.
//
// Names come from processes and are handed on as they are: whoever shows a text
// makes it fit for where it is shown.
package explain
