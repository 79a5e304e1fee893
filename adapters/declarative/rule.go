package declarative

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/postern-gateway/postern/adapters/shopclient"
	"github.com/postern-gateway/postern/gateway/commerce"
)

// kinds are what a rule can make of an answer.
var kinds = map[string]commerce.Kind{
	"PriceChanged": commerce.PriceChanged, "OutOfStock": commerce.OutOfStock, "ItemUnavailable": commerce.ItemUnavailable,
	"CouponRejected": commerce.CouponRejected, "AddressRejected": commerce.AddressRejected, "NoShipping": commerce.NoShipping,
	"OptionGone": commerce.OptionGone, "BuyerRejected": commerce.BuyerRejected, "AlreadyPlaced": commerce.AlreadyPlaced,
	"CartGone": commerce.CartGone, "Rejected": commerce.Rejected, "Unsupported": commerce.Unsupported,
	"Indeterminate": commerce.Indeterminate, "RateLimited": commerce.RateLimited, "Unauthorized": commerce.Unauthorized,
	"Temporary": commerce.Temporary, "OrderGone": commerce.OrderGone,
}

// continuable are the kinds that a quote can carry as a message, so that the rest of it goes on.
var continuable = []commerce.Kind{
	commerce.OutOfStock, commerce.CouponRejected, commerce.AddressRejected, commerce.NoShipping, commerce.OptionGone,
	commerce.BuyerRejected,
}

// sentences are what a stranger is told of a kind.
var sentences = map[commerce.Kind]string{
	commerce.PriceChanged:    "the shop's price is no longer the quoted one; quote again",
	commerce.OutOfStock:      "the shop does not have this item in the quantity asked for; lower it or remove the item",
	commerce.ItemUnavailable: "the shop does not sell this item; remove it",
	commerce.CouponRejected:  "the shop does not accept this code",
	commerce.AddressRejected: "the shop cannot use this address; correct it",
	commerce.NoShipping:      "the shop does not deliver to this address; give another one",
	commerce.OptionGone:      "the selected fulfillment option is not offered any more; choose another",
	commerce.BuyerRejected:   "the shop cannot use the buyer's details; correct them",
	commerce.AlreadyPlaced:   "this cart is an order already",
	commerce.CartGone:        "the shop does not know the cart any more; start a new one",
	commerce.Rejected:        "the shop refused the request",
	commerce.Unsupported:     "the shop cannot do this",
	commerce.Indeterminate:   "the outcome in the shop is unknown",
	commerce.RateLimited:     "the shop wants less traffic; try later",
	commerce.Unauthorized:    "the shop refuses the credentials; check them",
	commerce.Temporary:       "the shop cannot be asked now; try later",
	commerce.OrderGone:       "the shop does not know this order",
}

// rule says what an answer means.
type rule struct {
	statuses []int
	when     *expression
	kind     commerce.Kind
	goOn     bool
	message  string

	code, param, line, item, available, coupon, reason, after *expression
}

// matches reports whether the rule is about the answer.
func (r *rule) matches(ctx context.Context, status int, answer any, s *scope) (bool, error) {
	named := slices.Contains(r.statuses, status)
	if !named && (len(r.statuses) > 0 || undecided(status)) {
		return false, nil
	}
	return r.when.truth(ctx, answer, s)
}

// undecided reports whether an answer of this status tells nothing of what was done, or refuses nothing but its moment, whatever its
// words are. Only a rule that names the status may judge it: an old shop answers 500 with an error code of its own after it has acted.
func undecided(status int) bool {
	return status >= 500 || status >= 300 && status <= 399 || status == http.StatusRequestTimeout || status == http.StatusTooManyRequests
}

// fault is what the rule makes of the answer. Its texts are data of the shop or of the agent that name an item or a code, nothing else.
func (r *rule) fault(ctx context.Context, resp shopclient.Response, answer any, s *scope, st *step) (*commerce.Fault, error) {
	f := commerce.Faultf(r.kind, "%s", sentences[r.kind]).Because(fmt.Errorf("%s %s answered %d", st.method, st.path.text, resp.Status))
	if r.message != "" {
		f.Message = r.message
	}
	if r.kind == commerce.RateLimited {
		f.RetryAfter = resp.Fault().RetryAfter
	}
	texts := []struct {
		expr *expression
		to   func(string)
	}{
		{r.code, func(t string) { f.Code = t }},
		{r.line, func(t string) { f.LineID = t }},
		{r.item, func(t string) { f.Item = t }},
		{r.coupon, func(t string) { f.Coupon = t }},
		{r.reason, func(t string) { f.Reason = commerce.DiscountReason(t) }},
		{r.param, func(t string) {
			if strings.HasPrefix(t, "$") {
				f.Param = t
			}
		}},
	}
	for _, t := range texts {
		if t.expr == nil {
			continue
		}
		v, err := t.expr.eval(ctx, answer, s)
		if err != nil {
			return nil, err
		}
		if text, ok := v.(string); ok {
			t.to(text)
		} else if n, ok := v.(int); ok {
			t.to(fmt.Sprint(n))
		}
	}
	return f, r.numbers(ctx, f, answer, s)
}

func (r *rule) numbers(ctx context.Context, f *commerce.Fault, answer any, s *scope) error {
	if r.available != nil {
		v, err := r.available.eval(ctx, answer, s)
		if err != nil {
			return err
		}
		if n, ok := wholeNumber(v); ok {
			f.Available = &n
		}
	}
	if r.after != nil {
		v, err := r.after.eval(ctx, answer, s)
		if err != nil {
			return err
		}
		if n, ok := wholeNumber(v); ok && n > 0 && n <= int64(time.Hour/time.Second) {
			f.RetryAfter = time.Duration(n) * time.Second
		}
	}
	return nil
}
