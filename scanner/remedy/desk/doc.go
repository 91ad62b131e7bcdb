// Package desk evicts the pods that package remedy decides on, and no pod twice.
//
// [Desk.Turn] reads the stored reports and says what is to be kept in them; it
// does no I/O. [Desk.Run] has workers that ask the API server and evict:
//
//	look    a pod passes a threshold: facts, decision, a dry run of the eviction
//	Turn    the act goes into the report as Intended
//	carry   it is found stored: facts and decision once more, the eviction
//	Turn    what became of it goes into the report
//
// Whoever finds an act that is Intended, after a crash or a change of leaders,
// carries it on. The eviction is for a UID, so that a second one does nothing.
package desk
