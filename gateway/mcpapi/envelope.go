package mcpapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// meta is what REST has in its headers (openrpc.agentic_checkout.json, components.schemas.meta, read 2026-11-22). Members that are null
// count as absent, because models fill in what they leave out; unknown members are ignored. The bearer token is none of them.
type meta struct {
	APIVersion     string  `json:"api_version"`
	Key            *string `json:"idempotency_key"`
	RequestID      string  `json:"request_id"`
	UserAgent      string  `json:"user_agent"` // read to see that it is text, and not used
	AcceptLanguage string  `json:"accept_language"`
	Signature      string  `json:"signature"`
	Timestamp      string  `json:"timestamp"`
}

// arguments are what a tool was called with.
type arguments struct {
	meta    meta
	id      string
	payload []byte // the bytes that came; nil: there is no payload
}

// need says whether a tool has an argument.
type need int

const (
	none need = iota
	optional
	required
)

// read takes the envelope apart. It is strict about everything but the payload, whose bytes it does not interpret: the pipeline does, by
// the rules that hold for REST. An empty meta is a good envelope, and a call without a version.
func (t tool) read(raw []byte) (arguments, error) {
	var a arguments
	members, err := membersOf(raw)
	if err != nil {
		return a, err
	}
	for name, value := range members {
		switch name {
		case "meta":
			err = json.Unmarshal(value, &a.meta, json.MatchCaseInsensitiveNames(false))
		case "id":
			if t.id == none {
				return a, fmt.Errorf("%s takes no id", t.name)
			}
			err = json.Unmarshal(value, &a.id)
		case "payload":
			if t.payload == none {
				return a, fmt.Errorf("%s takes no payload", t.name)
			}
			a.payload = value
		default:
			return a, fmt.Errorf("%s does not take %q; it takes %s", t.name, shortened(name), t.takes())
		}
		if err != nil {
			return a, fmt.Errorf("%s has the wrong shape%s", name, at(err))
		}
	}
	switch _, ok := members["id"]; {
	case t.id == required && !ok:
		return a, fmt.Errorf("%s needs id: the id that %s answered with", t.name, t.creator)
	case t.payload == required && a.payload == nil:
		return a, fmt.Errorf("%s needs payload: the body of the same request over REST", t.name)
	case t.payload == optional && string(a.payload) == "null":
		a.payload = nil // never required, and models write null for nothing
	}
	return a, nil
}

// membersOf are the members of an object with their bytes. A name that stands twice is refused; what stands inside the values is not
// looked at beyond being JSON.
func membersOf(raw []byte) (map[string]jsontext.Value, error) {
	members := map[string]jsontext.Value{}
	if len(bytes.TrimSpace(raw)) == 0 {
		return members, nil // arguments may be left out, and then every needed one is missing
	}
	d := jsontext.NewDecoder(bytes.NewReader(raw), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if d.PeekKind() != jsontext.KindBeginObject {
		return nil, errors.New("they are no JSON object")
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, errors.New("they are no JSON")
	}
	for d.PeekKind() != jsontext.KindEndObject {
		t, err := d.ReadToken()
		if err != nil {
			return nil, errors.New("they are no JSON")
		}
		name := t.String()
		if _, twice := members[name]; twice {
			return nil, fmt.Errorf("%q stands there twice", shortened(name))
		}
		value, err := d.ReadValue()
		if err != nil {
			return nil, errors.New("they are no JSON")
		}
		members[name] = value.Clone()
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, errors.New("they are no JSON")
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something stands behind them")
	}
	return members, nil
}

// at is where in a value an error was found, without the value.
func at(err error) string {
	if e, ok := errors.AsType[*json.SemanticError](err); ok && e.JSONPointer != "" {
		return " at " + shortened(string(e.JSONPointer))
	}
	return ""
}

// shortened keeps a stranger's text from filling an answer.
func shortened(text string) string {
	const most = 64
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}

// maxRequestID is the longest request id that is taken, in bytes, as over REST.
const maxRequestID = 128

// usableRequestID reports whether an id can stand in a log: 1 to 128 printable ASCII characters.
func usableRequestID(id string) bool {
	if id == "" || len(id) > maxRequestID {
		return false
	}
	for i := range len(id) {
		if b := id[i]; b <= ' ' || b > '~' {
			return false
		}
	}
	return true
}
