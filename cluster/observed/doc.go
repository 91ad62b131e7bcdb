// Package observed keeps in memory which ZombieReports say that zombies were
// seen where, cut down to what the webhook asks.
package observed
