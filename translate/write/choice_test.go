package write_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/write"
)

func TestChosenLines(t *testing.T) {
	t.Parallel()
	q := commerce.Quote{
		Lines:   []commerce.Line{{ID: "li_1"}, {ID: "li_2"}},
		Options: []commerce.FulfillmentOption{{ID: "all"}, {ID: "one", LineIDs: []string{"li_2"}}},
	}
	for name, tt := range map[string]struct {
		choice commerce.Choice
		want   []string
	}{
		"of the choice":      {commerce.Choice{OptionID: "one", LineIDs: []string{"li_1"}}, []string{"li_1"}},
		"of the option":      {commerce.Choice{OptionID: "one"}, []string{"li_2"}},
		"of nobody, so all":  {commerce.Choice{OptionID: "all"}, []string{"li_1", "li_2"}},
		"of what is offered": {commerce.Choice{OptionID: "gone"}, nil},
	} {
		o := write.Option(q, tt.choice)
		if o == nil {
			if tt.want != nil {
				t.Errorf("%s: no option", name)
			}
			continue
		}
		if diff := cmp.Diff(tt.want, write.ChosenLines(q, tt.choice, o)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
