package gateway

import (
	"context"
	"fmt"

	"github.com/go-json-experiment/json"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// Session reads a session as it is kept, whoever owns it, with what no agent is shown. It is for tests and the demo. An unknown id is
// store.ErrNotFound.
func (g *Gateway) Session(ctx context.Context, id string) (commerce.Session, error) {
	row, err := g.store.Session(ctx, id)
	if err != nil {
		return commerce.Session{}, err
	}
	var s commerce.Session
	if err := json.Unmarshal(row.Body, &s); err != nil {
		return commerce.Session{}, fmt.Errorf("read session %s: %w", id, err)
	}
	return s, nil
}
