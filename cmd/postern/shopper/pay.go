package shopper

import (
	"context"
	"errors"
	"net/http"
	"slices"
)

// payTries is how often a complete is sent whose outcome is open. It is the same call each time: the key and the body do not change.
const payTries = 10

// pay completes the checkout. An answer that does not come, or that says that the outcome is open, is asked for again under the same key,
// which buys nothing twice.
func (r *run) pay(ctx context.Context, token string) error {
	shown := r.checkout.Total()
	r.Narrator.StepSum("pay", "with "+token[:min(len(token), 8)]+"…", money(shown, r.checkout.Currency))
	key, body := r.agent.NewKey("complete"), r.agent.speaks.Complete(r.checkout, token, r.For)
	r.paying = true
	for try := 1; ; try++ {
		reply, err := r.agent.Send(ctx, Complete, r.checkout.ID, key, body)
		var refused *Refusal
		if err == nil {
			var c Checkout
			c, err = r.agent.Read("complete", Complete, reply)
			if c.ID != "" {
				r.see(c)
				return r.settle(ctx, shown)
			}
			if !errors.As(err, &refused) {
				return err
			}
			if !refused.Again() {
				// What is invalid was decided, and not for a purchase; after anything else there may be one.
				r.paying = refused.Status >= http.StatusInternalServerError || refused.Status == 0 && refused.Type != "invalid_request"
				return &Failure{Err: err, Remedy: remedy(refused)}
			}
		}
		if try == payTries || ctx.Err() != nil {
			return failure("Nothing is bought twice when the same call is repeated: look at the checkout with --session "+r.checkout.ID+" --dry-run before anything else.",
				"the outcome of complete is not known after %d tries under the key %s: %w", try, key, err)
		}
		after := minWait
		if refused != nil {
			after = refused.RetryAfter
		}
		if err := r.wait(ctx, after); err != nil {
			return err
		}
	}
}

// settleLooks is how often a checkout that is under way is looked at.
const settleLooks = 60

// settle waits for the end of a completion that is under way, and judges it.
func (r *run) settle(ctx context.Context, shown int64) error {
	for range settleLooks {
		if !slices.Contains([]string{"in_progress", "complete_in_progress"}, r.checkout.Status) {
			break
		}
		if err := r.wait(ctx, minWait); err != nil {
			return err
		}
		if err := r.call(ctx, "look", Get, r.checkout.ID, nil); err != nil {
			return err
		}
	}
	if r.checkout.Status != "completed" {
		r.paying = r.checkout.Status != "ready_for_payment" && r.checkout.Status != "not_ready_for_payment"
		if total := r.checkout.Total(); total != shown {
			return failure("Look at the new total and buy again.", "the price moved from %s to %s; nothing was charged",
				money(shown, r.checkout.Currency), money(total, r.checkout.Currency))
		}
		for _, m := range r.checkout.Messages {
			if m.Type == "error" {
				what, todo := plain(m)
				return failure(todo, "the checkout is %s, and there is no order: %s", r.checkout.Status, what)
			}
		}
		return failure(remedyOfStatus(r.checkout), "the checkout is %s, and there is no order: %s", r.checkout.Status, plainStatus(r.checkout.Status))
	}
	if r.checkout.OrderID == "" {
		return failure("Ask the seller.", "the checkout %s is completed, but the answer has no order", r.checkout.ID)
	}
	r.Narrator.messages(r.checkout.Messages)
	r.Narrator.StepSum("order", r.checkout.OrderID+"  "+r.checkout.Permalink, money(r.checkout.Total(), r.checkout.Currency))
	return nil
}

// cancel gives back what the checkout holds at the seller.
func (r *run) cancel(ctx context.Context) error {
	reply, err := r.agent.Send(ctx, Cancel, r.checkout.ID, r.agent.NewKey("cancel"), nil)
	if err == nil {
		_, err = r.agent.Read("cancel", Cancel, reply)
	}
	if refused, ok := errors.AsType[*Refusal](err); ok || err != nil && reply.Body == nil {
		if ok && refused.Status == http.StatusMethodNotAllowed {
			return nil // it has ended already
		}
		return failure("It ends by itself after a time; nothing was paid.", "cancel the checkout %s: %w", r.checkout.ID, err)
	}
	r.result.Status = "canceled"
	r.Narrator.Step("cancel", "%s is given up; nothing was paid", r.checkout.ID)
	return nil
}
