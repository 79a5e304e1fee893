// Package broken is a seller with one planted fault at a time: a reverse proxy in front of a good one that forgets, mixes up, leaks or
// miscounts. It proves that the statements of package conformance can fail, and that each fault is found by the statement that should.
//
// Start at [Faults], the table, and at [Open]. Faults that are seen from outside are planted in calls and answers; those of events in
// deliveries. The package is built with the tag brokenseller only, imports nothing of the module and is imported by tests.
package broken
