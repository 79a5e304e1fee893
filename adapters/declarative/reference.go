package declarative

import (
	"strconv"
	"strings"

	"github.com/itchyny/gojq"

	"github.com/postern-gateway/postern/adapters/shopclient"
)

// maxReference bounds what an adapter may ask the gateway to remember of a cart or an order, in bytes.
const maxReference = 8 << 10

// encodeReference is an order's reference as opaque text: plain text and whole numbers as they are, objects as compact JSON.
func encodeReference(v any) (string, error) {
	switch v := v.(type) {
	case string:
		if v == "" || len(v) > maxReference || strings.HasPrefix(v, "{") {
			return "", safeError("a reference is empty, too long or starts with a brace")
		}
		return v, nil
	case int:
		return strconv.Itoa(v), nil
	case map[string]any:
		data, err := gojq.Marshal(v)
		if err != nil || len(data) > maxReference {
			return "", safeError("a reference cannot be written, or is longer than 8 KiB")
		}
		return string(data), nil
	default:
		return "", safeError("a reference is " + typeName(v) + "; want text, a whole number or an object")
	}
}

// decodeReference is what encodeReference was given; a whole number comes back as text. Empty text is null.
func decodeReference(ref string) (any, error) {
	if ref == "" {
		return nil, nil
	}
	if !strings.HasPrefix(ref, "{") {
		return ref, nil
	}
	v, err := shopclient.Decode([]byte(ref))
	if err != nil {
		return nil, safeError("a stored reference cannot be read")
	}
	return v, nil
}

// encodeCart joins the cart's own reference with what its session needs: the newest token and nonce.
func encodeCart(cart any, keep map[string]any) (string, error) {
	if cart == nil {
		return "", safeError("the result of quote has no cart_ref")
	}
	return encodeReference(map[string]any{"cart": cart, "keep": keep})
}

// decodeCart is what encodeCart was given.
func decodeCart(ref string) (any, map[string]any, error) {
	v, err := decodeReference(ref)
	if v == nil || err != nil {
		return nil, nil, err
	}
	m, _ := v.(map[string]any)
	keep, _ := m["keep"].(map[string]any)
	if m["cart"] == nil {
		return nil, nil, safeError("a stored reference of a cart cannot be read")
	}
	return m["cart"], keep, nil
}
