package relay

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// schedule is the wait after each failed attempt: twelve attempts in about 76 hours. It is that of Standard Webhooks 1.0.0 with one
// more early step (github.com/standard-webhooks/standard-webhooks, read 2026-11-22); ACP leaves retries open.
var schedule = [...]time.Duration{
	5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute,
	2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

// maxRetryAfter bounds what a receiver can ask for.
const maxRetryAfter = 24 * time.Hour

// wait is how long to wait after the given number of failed attempts. ok is false when there is no further attempt. asked is the
// receiver's Retry-After; it can only lengthen the wait.
func wait(attempts int, asked time.Duration, random float64) (d time.Duration, ok bool) {
	if attempts < 1 || attempts > len(schedule) {
		return 0, false
	}
	return max(jitter(schedule[attempts-1], random), min(asked, maxRetryAfter)), true
}

// jitter spreads d over ±20 %, so that deliveries which failed together do not come back together. random is in [0, 1).
func jitter(d time.Duration, random float64) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*random))
}

// retryAfter reads a Retry-After header: seconds or an HTTP date (RFC 9110 section 10.2.3). Anything else is zero.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if text == "" {
		return 0
	}
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}
