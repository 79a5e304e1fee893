package checkout

import (
	"context"
	"errors"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment"
)

// authorize holds the total on the token. A repeat under the same key and the frozen parameters gives the first result, so an unknown
// outcome is asked again; past the key's life it never is, and the processor's list decides (S6).
func authorize(ctx context.Context, r *run) (next, error) {
	if !r.row.Mark.IsZero() && r.clock.Now().Sub(r.at.SentAt) >= r.timing.KeyLife {
		return r.search(ctx)
	}
	repeated, err := r.begin(ctx)
	switch {
	case err != nil:
		return next{}, err
	case !repeated && r.abandoned():
		return r.reopen(ctx) // nothing was ever sent
	}
	intent, err := r.shop.Payment.Authorize(ctx, payment.AuthorizeRequest{
		Key: r.key("auth"), Terms: r.at.Terms, Amount: r.at.Total, Token: payment.Secret(r.row.Token), Saved: r.at.Saved,
		Authentication: r.at.Authentication, SessionID: r.row.SessionID, Attempt: r.row.Attempt, Gateway: "postern",
	})
	if err == nil {
		return r.held(ctx, intent)
	}
	pe, _ := errors.AsType[*payment.Error](err)
	switch payment.KindOf(err) {
	case payment.Declined:
		return r.refused(ctx, repeated, pe, declineReason("The payment was declined. Another payment method is needed.", "declined "+pe.DeclineCode))
	case payment.ActionRequired:
		return r.refused(ctx, repeated, pe, authenticationReason())
	case payment.TokenDeactivated, payment.TokenLimit, payment.TokenCurrency, payment.TokenUnknown:
		return r.refused(ctx, repeated, pe, &reason{Message: tokenMessage(pe.Kind), Declined: true, Note: "token refused"})
	case payment.Refused:
		r.alert(ctx, "hold_refused", "read the processor's log for the request id: "+pe.RequestID)
		return r.refused(ctx, repeated, pe, declineReason("The payment was refused. Another payment method is needed.", "refused "+pe.Code))
	case payment.KeyReused:
		r.alert(ctx, "payment_key_reused", "report this: a key met other parameters")
		return r.search(ctx)
	case payment.Busy, payment.Unauthorized, payment.Unreachable:
		// This call did nothing. If none before it was sent either, the attempt can be given up.
		if pe.Kind == payment.Unauthorized {
			r.alert(ctx, "payment_credentials_refused", "check the shop's Stripe key")
		}
		if !repeated && pe.Kind != payment.Busy {
			return next{wait: r.backoff(), settled: true, note: "not sent"}, nil
		}
		return next{wait: r.backoff(), note: "busy"}, nil
	case payment.Unknown, payment.AlreadyCaptured:
		if pe != nil && pe.StoredReply {
			return r.search(ctx)
		}
	}
	return next{wait: r.backoff(), note: "hold unknown"}, nil
}

func authenticationReason() *reason {
	return &reason{
		Message: commerce.ErrorMessage(commerce.CodeRequires3DS, paramCredential, commerce.RequiresBuyerInput,
			"The card issuer asks for authentication, which this shop cannot do here. Another payment method is needed."),
		Declined: true, Demands: true, Note: "requires action",
	}
}

// refused ends an attempt whose hold was refused. An intent that exists is voided and read back first, because a declined intent
// could still be confirmed (S2).
//
// A repeated call's refusal without an intent may be one of the call alone, made before the key was looked at: it says nothing of the
// call before, whose hold may stand, and the list decides. A refusal that is replayed from the key is that of the first call.
func (r *run) refused(ctx context.Context, repeated bool, pe *payment.Error, why *reason) (next, error) {
	r.at.Reason = why
	switch {
	case pe.IntentID == "" && repeated && !pe.StoredReply:
		return r.search(ctx)
	case pe.IntentID == "":
		return r.reopen(ctx)
	}
	r.at.IntentID = pe.IntentID
	return r.undo(ctx, why)
}

// held goes on from an intent that exists, by its state.
func (r *run) held(ctx context.Context, i payment.Intent) (next, error) {
	r.at.IntentID, r.at.Reason = i.ID, nil // a refusal that was heard before was not of this intent
	switch i.State {
	case payment.Held:
		if i.Amount != r.at.Total || i.Capturable != r.at.Total.Minor || i.UnderReview {
			r.alert(ctx, "hold_unlike_the_total", "none: the hold is let go")
			return r.undo(ctx, declineReason("The payment could not be held in full. Another payment method is needed.", "hold unlike the total"))
		}
		if r.abandoned() {
			return r.undo(ctx, &reason{Quiet: true, Note: "abandoned"})
		}
		return next{step: stepPlacing, note: "held by " + i.ID}, nil
	case payment.Taken:
		if i.Amount != r.at.Total || i.Received != r.at.Total.Minor {
			return r.operator(ctx, "captured_unlike_the_total", "refund the intent by hand and settle the session"), nil
		}
		r.at.Taken = true
		r.alert(ctx, "captured_at_authorization", "check the account's capture settings; the order is placed, or the money refunded")
		return next{step: stepPlacing, note: "taken by " + i.ID}, nil
	case payment.RequiresAction:
		return r.undo(ctx, authenticationReason())
	case payment.Gone:
		r.at.Reason = declineReason("The payment was declined. Another payment method is needed.", "canceled")
		return r.reopen(ctx)
	case payment.Failed, payment.Processing:
		return r.undo(ctx, declineReason("The payment was declined. Another payment method is needed.", string(i.State)))
	default:
		return r.operator(ctx, "payment_state_unknown", "read the intent at the processor"), nil
	}
}

// search asks the processor's list whether the attempt's intent exists, when the key cannot tell. Within the key's life, none after
// the settle time means that the request was never carried out; past it only a person can say so (S6).
func (r *run) search(ctx context.Context) (next, error) {
	i, ok, err := r.shop.Payment.Find(ctx, payment.FindRequest{
		SessionID: r.row.SessionID, Attempt: r.row.Attempt, Since: r.at.SentAt.Add(-5 * time.Minute),
	})
	now := r.clock.Now()
	if r.at.DoubtAt.IsZero() {
		r.at.DoubtAt = now // the call that acted, if one did, was not later than this
	}
	switch {
	case err != nil:
		return next{wait: r.backoff(), note: "list unreadable"}, nil
	case ok:
		return r.held(ctx, i)
	case now.Sub(r.at.SentAt) >= r.timing.KeyLife:
		return r.operator(ctx, "hold_unknown_past_key_life", "look for the session in the processor's dashboard and settle it"), nil
	case now.Sub(r.at.DoubtAt) < r.timing.Settle:
		return next{wait: r.timing.Settle - now.Sub(r.at.DoubtAt), note: "hold not listed yet"}, nil
	default:
		if r.at.Reason == nil { // else a repeat was refused, and nothing was done before it
			r.at.Reason = &reason{Quiet: true, Note: "never carried out"}
		}
		return r.reopen(ctx)
	}
}
