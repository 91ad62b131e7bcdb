// Package notify tells people about zombies: a mail a namespace and digest over
// SMTP, and an Event on each workload.
//
// A digest is taken by Tell, which returns at once, and told by Run, which goes on
// until there is a result. What is in memory is bounded, and so is each call
// outward. Nothing here is stored: the intent is in the ZombieReport, and who has
// to send it again after a crash does so under the same ID, which is that of the
// mail and a part of the Event's name.
package notify
