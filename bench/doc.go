// Package bench is the folder of measurements that start whole processes side by
// side; what it prints stands in docs/performance.md and docs/availability.md.
package bench
