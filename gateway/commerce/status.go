package commerce

// Status is the state of a checkout session, in the words of 2026-04-17. Older dates map it down.
type Status string

// The states that Postern gives a session. The diagram is in the gateway package.
const (
	NotReady               Status = "not_ready_for_payment"
	Ready                  Status = "ready_for_payment"
	CompleteInProgress     Status = "complete_in_progress"
	Completed              Status = "completed"
	Canceled               Status = "canceled"
	Expired                Status = "expired"
	Incomplete             Status = "incomplete"
	RequiresEscalation     Status = "requires_escalation"
	AuthenticationRequired Status = "authentication_required"
	PendingApproval        Status = "pending_approval"
)

// Terminal reports whether s never changes again.
func (s Status) Terminal() bool { return s == Completed || s == Canceled || s == Expired }
