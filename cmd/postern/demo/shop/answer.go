package shop

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/shopspring/decimal"
)

// call is one request with its body read, so that a fault can act on it after
// the caller is gone.
type call struct {
	path    func(string) string
	query   url.Values
	header  http.Header
	body    []byte
	baseURL string
}

// answer is what the shop would send if nothing went wrong on the way.
type answer struct {
	status      int
	header      http.Header
	contentType string
	body        []byte
}

// refusal is the shop's error object. Only the members that say something are sent.
type refusal struct {
	Status    string `json:"status"`
	Code      string `json:"code"`
	Message   string `json:"message"`
	SKU       string `json:"sku,omitempty"`
	Available string `json:"available,omitempty"`
	Max       string `json:"max,omitempty"`
	Coupon    string `json:"coupon,omitempty"`
	Reason    string `json:"reason,omitempty"`
	Minimum   string `json:"minimum,omitempty"`
	Field     string `json:"field,omitempty"`
	Total     string `json:"total,omitempty"`
	State     string `json:"state,omitempty"`
}

func reply(status int, v any) answer {
	body, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return page(http.StatusInternalServerError, "Fatal error: cannot encode")
	}
	return answer{status: status, header: http.Header{}, contentType: "application/json; charset=utf-8", body: body}
}

func refuse(status int, r refusal) answer {
	r.Status = "ERROR"
	return reply(status, r)
}

// page is the HTML that the shop shows when it has nothing better to say.
func page(status int, title string) answer {
	return answer{
		status: status, header: http.Header{}, contentType: "text/html; charset=iso-8859-1",
		body: []byte("<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\">\n<html><head><title>" + title +
			"</title></head>\n<body bgcolor=\"#ffffff\"><h1>" + title + "</h1><hr><address>HarborFinch/1.3.41 (Unix) Server</address></body></html>\n"),
	}
}

func notFound() answer { return page(http.StatusNotFound, "404 Not Found") }

func unreadable() answer {
	return refuse(http.StatusBadRequest, refusal{Code: "REQUEST", Message: "the request body could not be understood"})
}

func (a answer) writeHead(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	w.Header().Set("Content-Type", a.contentType)
	w.WriteHeader(a.status)
}

func (a answer) write(w http.ResponseWriter) {
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	a.writeHead(w)
	_, _ = w.Write(a.body) // a caller that is gone is no concern of the shop
}

func decode(c call, into any) bool { return json.Unmarshal(c.body, into) == nil }

// count is a whole number that may come as a number or as text.
type count int

var countForm = regexp.MustCompile(`^"?(-?[0-9]{1,9})"?$`)

var errForm = errors.New("not in the form that the shop reads")

// UnmarshalJSON reads 2 and "2".
func (n *count) UnmarshalJSON(text []byte) error {
	m := countForm.FindSubmatch(text)
	if m == nil {
		return errForm
	}
	v, err := strconv.Atoi(string(m[1]))
	*n = count(v)
	return err
}

// amount is USD in major units that may come as a number or as text.
type amount struct {
	decimal.Decimal

	given bool
}

var amountForm = regexp.MustCompile(`^"?(-?[0-9]{1,9}(?:\.[0-9]{1,8})?)"?$`)

// UnmarshalJSON reads 12.30 and "12.30"; null and "" are no amount.
func (a *amount) UnmarshalJSON(text []byte) error {
	if t := string(text); t == "null" || t == `""` {
		return nil
	}
	m := amountForm.FindSubmatch(text)
	if m == nil {
		return errForm
	}
	d, err := decimal.NewFromString(string(m[1]))
	a.Decimal, a.given = d, true
	return err
}

func digits(n int) string { return strconv.Itoa(n) }

// letter is how the shop writes yes and no.
func letter(yes bool) string {
	if yes {
		return "Y"
	}
	return "N"
}
