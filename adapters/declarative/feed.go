package declarative

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/itchyny/gojq"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/shopclient"
	"github.com/postern-gateway/postern/gateway/commerce"
)

// The defaults of a change feed.
const (
	defaultOverlap  = 2 * time.Minute
	defaultLookBack = 24 * time.Hour
)

// maxSeen bounds how many changes of the overlap a cursor remembers. Beyond it some are told again, which does no harm.
const maxSeen = 200

// feed is how a shop lists its changed orders: all that changed at or after a moment, oldest change first.
type feed struct {
	format   string
	overlap  time.Duration // how far each new scan reaches back: clocks differ and commits come late
	lookBack time.Duration // where the first scan starts
}

// cursor is a place in a feed. A scan goes from since by pages; the next one starts at the newest change that was seen, less the overlap.
type cursor struct {
	since  time.Time
	page   int  // of changes at the same moment, from 1
	within bool // a scan goes on, so there is no overlap to subtract
	seen   map[string]string
}

// changed is one order of a page.
type changed struct {
	ref, mark string
	at        time.Time
}

func (s *shop) changesSince(ctx context.Context, text string, limit int) (adapters.ChangePage, error) {
	c, err := s.readCursor(text)
	if err != nil {
		return adapters.ChangePage{}, commerce.Faultf(commerce.Rejected, "list changes: the cursor cannot be read").Because(err)
	}
	from := c.since
	if !c.within {
		from = from.Add(-s.feed.overlap)
	}
	in := map[string]any{"since": s.feed.write(from), "page": c.page, "limit": max(1, min(limit, 100))}
	v, err := s.start(ctx, s.changes, in, nil).do()
	if err != nil {
		return adapters.ChangePage{}, err
	}
	list, more, err := s.readPage(v)
	if err != nil {
		return adapters.ChangePage{}, commerce.Faultf(commerce.Temporary, "list changes: the shop's answer does not fit its description").Because(err)
	}
	next := cursor{since: c.since, page: 1, seen: map[string]string{}}
	page := adapters.ChangePage{More: more}
	newest := from
	for _, o := range list {
		if o.at.After(newest) {
			newest = o.at
		}
		if c.seen[o.ref] != o.mark && !slices.Contains(page.Refs, o.ref) {
			page.Refs = append(page.Refs, o.ref)
		}
	}
	for _, o := range list {
		// What the next overlap will show again is remembered, so that it is not told again.
		if len(next.seen) < maxSeen && !o.at.Before(newest.Add(-s.feed.overlap)) {
			next.seen[o.ref] = o.mark
		}
	}
	for ref, mark := range c.seen {
		if _, known := next.seen[ref]; !known && len(next.seen) < maxSeen {
			if at, ok := markTime(mark); ok && !at.Before(newest.Add(-s.feed.overlap)) {
				next.seen[ref] = mark
			}
		}
	}
	next.within = more
	switch {
	case !more:
		next.since = later(newest, c.since)
	case newest.After(from):
		next.since = newest // the list moves while it is read: going on by time loses nothing, going on by page can
	default:
		next.since, next.page = from, c.page+1
	}
	if page.Cursor, err = next.write(); err != nil {
		return adapters.ChangePage{}, commerce.Faultf(commerce.Temporary, "list changes: the cursor cannot be written").Because(err)
	}
	return page, nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (s *shop) readPage(v any) ([]changed, bool, error) {
	r := &reading{money: s.money}
	o := r.object("", v)
	more := o.flag("more", false)
	var list []changed
	for _, item := range o.objects("orders") {
		ref, err := encodeReference(item.get("ref"))
		if err != nil {
			item.fail("ref", err.Error())
		}
		c := changed{ref: ref, at: item.time("updated_at")}
		if c.at.IsZero() {
			item.fail("updated_at", "is required")
		}
		c.mark = c.at.Format(time.RFC3339Nano) + " " + item.text("revision")
		list = append(list, c)
		item.done()
	}
	o.done()
	return list, more, r.err
}

func markTime(mark string) (time.Time, bool) {
	for i, r := range mark {
		if r == ' ' {
			t, err := time.Parse(time.RFC3339Nano, mark[:i])
			return t, err == nil
		}
	}
	return time.Time{}, false
}

// write is a moment in the shop's form. Fractions are dropped, which moves it back and so loses nothing.
func (f feed) write(t time.Time) string {
	switch t = t.UTC(); f.format {
	case "sql":
		return t.Format(time.DateTime)
	case "unix":
		return strconv.FormatInt(t.Unix(), 10)
	default:
		return t.Truncate(time.Millisecond).Format("2006-01-02T15:04:05.000Z07:00")
	}
}

func (s *shop) readCursor(text string) (cursor, error) {
	if text == "" {
		return cursor{since: s.clock.Now().Add(-s.feed.lookBack), page: 1}, nil
	}
	v, err := shopclient.Decode([]byte(text))
	if err != nil {
		return cursor{}, err
	}
	m, _ := v.(map[string]any)
	since, ok := m["since"].(string)
	at, err := time.Parse(time.RFC3339Nano, since)
	page, isInt := m["page"].(int)
	if !ok || err != nil || !isInt || page < 1 {
		return cursor{}, fmt.Errorf("read cursor: %w", safeError("it was not written by this adapter"))
	}
	c := cursor{since: at, page: page, seen: map[string]string{}}
	c.within, _ = m["within"].(bool)
	seen, _ := m["seen"].(map[string]any)
	for ref, mark := range seen {
		c.seen[ref], _ = mark.(string)
	}
	return c, nil
}

func (c cursor) write() (string, error) {
	seen := make(map[string]any, len(c.seen))
	for ref, mark := range c.seen {
		seen[ref] = mark
	}
	data, err := gojq.Marshal(map[string]any{
		"since": c.since.UTC().Format(time.RFC3339Nano), "page": c.page, "within": c.within, "seen": seen,
	})
	return string(data), err
}
