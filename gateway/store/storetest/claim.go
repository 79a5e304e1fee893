package storetest

import (
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/store"
)

// takes claims and must get it.
func takes(t *testing.T, s store.Store, c store.Claim) {
	t.Helper()
	if existing, taken, err := s.Claim(t.Context(), c); err != nil || !taken {
		t.Fatalf("Claim = %+v, %v, %v, want it taken", existing, taken, err)
	}
}

// meets claims and must find somebody else's.
func meets(t *testing.T, s store.Store, c store.Claim) store.Claim {
	t.Helper()
	existing, taken, err := s.Claim(t.Context(), c)
	if err != nil || taken {
		t.Fatalf("Claim = taken %v, %v, want an existing one", taken, err)
	}
	return existing
}

func claim(t *testing.T, s store.Store) {
	first := claimOf("k1", "t1")
	takes(t, s, first)
	second := claimOf("k1", "t2")
	second.Fingerprint, second.Owner = [32]byte{9}, "p2"
	equal(t, "existing claim", meets(t, s, second), first)

	otherAgent, otherPath := claimOf("k1", "t3"), claimOf("k1", "t4")
	otherAgent.Agent = "someone_else"
	otherPath.Path = "/checkout_sessions/cs_1"
	takes(t, s, otherAgent)
	takes(t, s, otherPath)
	takes(t, s, claimOf("k2", "t5"))

	for _, bad := range []store.Claim{claimOf("", "t6"), claimOf("k3", "")} {
		if _, taken, err := s.Claim(t.Context(), bad); err == nil || taken {
			t.Errorf("Claim without key or token = taken %v, %v, want an error", taken, err)
		}
	}
}

func claimRelease(t *testing.T, s store.Store) {
	first := claimOf("k1", "t1")
	takes(t, s, first)
	if err := s.Release(t.Context(), claimOf("k1", "t2")); err != nil {
		t.Fatal(err)
	}
	equal(t, "claim after a stranger released it", meets(t, s, claimOf("k1", "t2")), first)
	for range 2 { // a second release does nothing
		if err := s.Release(t.Context(), first); err != nil {
			t.Fatal(err)
		}
	}
	next := claimOf("k1", "t3")
	next.Fingerprint = [32]byte{7}
	takes(t, s, next)
	if err := s.Release(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	equal(t, "claim after a late release", meets(t, s, claimOf("k1", "t4")), next)
	if err := s.Release(ended(t), next); err != nil {
		t.Fatal(err)
	}
	takes(t, s, claimOf("k1", "t5"))
}

func claimAnswered(t *testing.T, s store.Store) {
	for _, answer := range []store.Answer{{Status: 201, Body: []byte("{\"exact\": \"bytes\"}\n")}, {Status: 200}} {
		key := string(rune('a' + answer.Status - 200))
		first := claimOf(key, "t1")
		takes(t, s, first)
		commit(t, s, store.Batch{
			Session: &store.SessionWrite{Session: session("cs_" + key)},
			Answers: []store.AnswerWrite{{Claim: first, Answer: answer}},
		})
		got := meets(t, s, claimOf(key, "t2"))
		equal(t, "answer", got.Answer, &answer)
		equal(t, "fingerprint", got.Fingerprint, first.Fingerprint)
		equal(t, "time", got.At, epoch)
		if err := s.Release(t.Context(), first); err != nil {
			t.Fatal(err)
		}
		equal(t, "answer after a late release", meets(t, s, claimOf(key, "t3")).Answer, &answer)
		must(s.Session(t.Context(), "cs_"+key))(t)
	}
}

func claimLost(t *testing.T, s store.Store) {
	first, stranger, unknown := claimOf("k1", "t1"), claimOf("k1", "t2"), claimOf("k9", "t1")
	takes(t, s, first)
	answer := store.Answer{Status: 200, Body: []byte("1")}
	write := func(c store.Claim) store.Batch {
		return store.Batch{
			Session: &store.SessionWrite{Session: session("cs_1")},
			Answers: []store.AnswerWrite{{Claim: c, Answer: answer}},
		}
	}
	refused(t, s, store.ErrClaimLost, write(stranger))
	refused(t, s, store.ErrClaimLost, write(unknown))
	_, err := s.Session(t.Context(), "cs_1")
	wantErr(t, err, store.ErrNotFound)

	// A commit that fails for another reason leaves the claim as it was.
	stale := write(first)
	stale.Session.Expect = 4
	refused(t, s, store.ErrStale, stale)
	if got := meets(t, s, claimOf("k1", "t3")); got.Answer != nil {
		t.Fatalf("answer of a commit that failed = %+v", got.Answer)
	}
	commit(t, s, write(first))
	refused(t, s, store.ErrClaimLost, store.Batch{Answers: []store.AnswerWrite{{Claim: first, Answer: store.Answer{Status: 500}}}})
	equal(t, "answer", meets(t, s, claimOf("k1", "t3")).Answer, &answer)

	second := claimOf("k2", "t1")
	takes(t, s, second)
	if err := s.Release(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	refused(t, s, store.ErrClaimLost, store.Batch{Answers: []store.AnswerWrite{{Claim: second, Answer: answer}}})
	twice := claimOf("k3", "t1")
	takes(t, s, twice)
	refused(t, s, store.ErrClaimLost, store.Batch{Answers: []store.AnswerWrite{{Claim: twice, Answer: answer}, {Claim: twice, Answer: answer}}})
	commit(t, s, store.Batch{Answers: []store.AnswerWrite{{Claim: twice, Answer: answer}}})
}

func claimRetention(t *testing.T, s store.Store) {
	first := claimOf("k1", "t1")
	takes(t, s, first)
	commit(t, s, store.Batch{Answers: []store.AnswerWrite{{Claim: first, Answer: store.Answer{Status: 200, Body: []byte("old")}}}})
	next := claimOf("k1", "t2")
	next.At = epoch.Add(store.Retention)
	if got := meets(t, s, next); got.Answer == nil || string(got.Answer.Body) != "old" {
		t.Fatalf("answer at the end of its retention = %+v", got.Answer)
	}
	next.At = next.At.Add(time.Microsecond)
	next.Fingerprint = [32]byte{8}
	takes(t, s, next)
	commit(t, s, store.Batch{Answers: []store.AnswerWrite{{Claim: next, Answer: store.Answer{Status: 201, Body: []byte("new")}}}})
	again := claimOf("k1", "t3")
	again.At = next.At
	got := meets(t, s, again)
	equal(t, "answer", got.Answer, &store.Answer{Status: 201, Body: []byte("new")})
	equal(t, "fingerprint", got.Fingerprint, next.Fingerprint)
}
