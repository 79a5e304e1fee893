package httpapi

import (
	"bytes"
	"errors"
	"mime"
	"net"
	"net/http"
	"strings"

	"github.com/postern-gateway/postern/gateway/acp"
	"github.com/postern-gateway/postern/gateway/commerce"
)

// body reads the whole request body within the limit. Its errors are faults. The type is looked at as soon as it is known that there
// is a body, which with chunks is at the first byte: a cancel without a body may carry any type or none.
func (h *handler) body(w http.ResponseWriter, r *http.Request, o acp.Operation) ([]byte, error) {
	if r.ContentLength > h.maxBody {
		return nil, h.tooLarge()
	}
	if r.ContentLength > 0 {
		if err := checkMedia(r.Header, o); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	if r.ContentLength > 0 {
		b.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	if _, err := b.ReadFrom(http.MaxBytesReader(w, r.Body, h.maxBody)); err != nil {
		return nil, h.readFault(err)
	}
	if r.ContentLength <= 0 && b.Len() > 0 {
		if err := checkMedia(r.Header, o); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

func (h *handler) tooLarge() *commerce.Fault {
	return commerce.Faultf(commerce.TooLarge, "the body is larger than %d bytes", h.maxBody)
}

// readFault says why a body could not be read. The deadline is the server's ReadTimeout.
func (h *handler) readFault(err error) *commerce.Fault {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return h.tooLarge()
	}
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return commerce.Faultf(commerce.RequestTimeout, "the body did not arrive in time").Because(err)
	}
	return commerce.Faultf(commerce.Invalid, "the body ended before its announced length").Because(err)
}

// checkMedia refuses a body that is not plain JSON in UTF-8. Compressed bodies are refused: what a small one unpacks to has no limit.
// A cancel's body may come without a type (ACP rfc.intent_traces 7.1, read 2026-11-22).
func checkMedia(h http.Header, o acp.Operation) error {
	if e := joined(h, "Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return commerce.Faultf(commerce.UnsupportedMedia, "compressed bodies are not accepted; send the JSON as it is")
	}
	if (o == acp.Cancel || o == acp.CartCancel) && len(h["Content-Type"]) == 0 {
		return nil
	}
	media, params, err := mime.ParseMediaType(joined(h, "Content-Type"))
	charset := params["charset"]
	if err != nil || media != "application/json" || (charset != "" && !strings.EqualFold(charset, "utf-8")) {
		return commerce.Faultf(commerce.UnsupportedMedia, "the body must be Content-Type: application/json")
	}
	return nil
}
