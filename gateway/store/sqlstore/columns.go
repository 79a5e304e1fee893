package sqlstore

import "time"

// micros is how a time is stored: microseconds since 1970. The zero time has a value of its own, far before all others.
func micros(t time.Time) int64 { return t.UnixMicro() }

// fromMicros is the time in UTC; it gives the zero time back as such.
func fromMicros(n int64) time.Time { return time.UnixMicro(n).UTC() }

// stored is the time as it comes back from the store.
func stored(t time.Time) time.Time { return fromMicros(micros(t)) }

// zeroMicros is the zero time as it is stored.
var zeroMicros = micros(time.Time{})

// truth is how a truth value is stored: 0 or 1, in every database.
func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// row is a row to scan, of a query for one or for many.
type row interface{ Scan(into ...any) error }
