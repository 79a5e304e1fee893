package checkout

import (
	"context"
	"time"

	"github.com/postern-gateway/postern/gateway/store"
)

// Start takes up what earlier incarnations left and keeps looking for due sagas and expired sessions until [Service.Stop].
func (s *Service) Start() {
	s.runs.Go(func() {
		var housekeeping time.Time
		for s.base.Err() == nil {
			s.takeUp(s.base)
			if now := s.clock.Now(); now.Sub(housekeeping) >= 10*time.Second {
				housekeeping = now
				s.expireDue(s.base)
				if _, err := s.store.Sweep(s.base, now); err != nil && s.base.Err() == nil {
					s.log.WarnContext(s.base, "could not forget old answers and tokens", "error", err)
				}
			}
			if s.clock.Sleep(s.base, s.timing.Poll) != nil {
				return
			}
		}
	})
}

// Stop ends the background work and waits for the calls that are under way. What has not ended is taken up by the next Start.
func (s *Service) Stop() {
	s.stop(errStopped)
	s.runs.Wait()
}

// takeUp leases due sagas and lets them run.
func (s *Service) takeUp(ctx context.Context) {
	now := s.clock.Now()
	rows, err := s.store.AcquireSagas(ctx, store.Lease{Owner: s.owner, Now: now, Until: now.Add(s.timing.Lease)}, maxRuns-len(s.slots))
	if err != nil {
		if ctx.Err() == nil {
			s.log.WarnContext(ctx, "could not look for due sagas", "error", err)
		}
		return
	}
	for _, row := range rows {
		if row.Damaged != nil { // it comes again when its lease has ended
			s.damaged(ctx, "saga_damaged", row.SessionID, row.Attempt, row.Damaged)
			continue
		}
		r, err := s.take(row)
		if err != nil {
			s.log.ErrorContext(ctx, "a saga cannot be taken up", "session", row.SessionID, "attempt", row.Attempt, "error", err)
			continue
		}
		s.launch(context.WithoutCancel(ctx), r)
	}
}

// damaged tells the operator, once per process and row, of a row that the store cannot open. It is left as it is: what it holds may be
// restored from a backup.
func (s *Service) damaged(ctx context.Context, what, session string, attempt int, why error) {
	if _, told := s.toldDamaged.LoadOrStore(damagedRow{session, attempt}, true); told {
		return
	}
	s.log.ErrorContext(ctx, "a checkout needs eyes", "alert", what, "session", session, "attempt", attempt,
		"remedy", "look for the session's payment at the processor; restore the database from a backup", "error", why)
}

// damagedRow names a saga, or with attempt 0 a session.
type damagedRow struct {
	session string
	attempt int
}
