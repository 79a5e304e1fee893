package declarative

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/shopclient"
	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/commerce"
)

// The defaults and limits of a description.
const (
	defaultExpressionTime = time.Second
	defaultMaxProcessing  = 30 * time.Second
	defaultMaxItems       = 100
	mostItems             = 1000
)

// loader builds a shop from a description.
type loader struct {
	compiler

	d       description
	shop    *shop
	secrets map[string]config.Secret
	auths   map[string]*auth
}

// load reads the settings of a shop: the description itself, or the name of its file and what goes over it.
func load(section config.Section, deps Deps) (*shop, error) {
	if section.Has("adapter") {
		return loadDescription(section, settings{}, deps)
	}
	var over settings
	problems := config.ProblemsOf(section.Decode(&over))
	if over.File == "" {
		return nil, problems.Err()
	}
	file, err := section.Load(over.File)
	if err != nil {
		return nil, append(problems, unread(section, err)...).Err()
	}
	s, err := loadDescription(file, over, deps)
	problems = append(problems, config.ProblemsOf(err)...)
	return s, problems.Err()
}

// unread is the problems of a description that could not be read. What has no line in it, because the file is not there, is a problem of
// the setting that names it.
func unread(section config.Section, err error) config.Problems {
	problems := config.ProblemsOf(err)
	for i, p := range problems {
		if p.Line == 0 {
			problems[i] = section.Problem("file", "%s: %s", p.File, p.Message)
		}
	}
	return problems
}

func loadDescription(section config.Section, over settings, deps Deps) (*shop, error) {
	l := &loader{shop: &shop{clock: deps.Clock}, auths: map[string]*auth{"none": {}}}
	l.section = section
	l.problems = config.ProblemsOf(section.Decode(&l.d))
	l.merge(over)
	if l.d.Adapter != "" && l.d.Adapter != version {
		l.report("adapter", "%q is not known; write %s", l.d.Adapter, version)
	}
	l.address()
	l.facts()
	l.limits(deps)
	functions := append(l.shop.money.moneyFunctions(), textFunctions(l.reveal())...)
	l.setFunctions(functions)
	l.setPrelude(l.d.Functions)
	l.loadAuth()
	l.shop.headers = l.mixed("headers", l.d.Headers)
	l.shop.keep = l.texts("keep", l.d.Keep)
	l.shop.rules = l.rules("errors", l.d.Errors, false)
	l.operations()
	l.continueURL()
	l.reads()
	l.lint(l.d.Money.Fields)
	l.problems.Sort()
	if err := l.problems.Err(); err != nil {
		return nil, err
	}
	return l.shop, nil
}

// merge puts what the settings say over the description.
func (l *loader) merge(over settings) {
	if over.BaseURL != "" {
		l.d.BaseURL = over.BaseURL
	}
	if over.Currency != "" {
		l.d.Facts.Currency = over.Currency
	}
	l.shop.values = map[string]any{}
	maps.Copy(l.shop.values, l.d.Values)
	maps.Copy(l.shop.values, over.Values)
	l.secrets = map[string]config.Secret{}
	maps.Copy(l.secrets, l.d.Secrets)
	maps.Copy(l.secrets, over.Secrets)
	for i, name := range l.d.Needs.Values {
		if v, ok := l.shop.values[name]; !ok || v == "" || v == nil {
			l.report(fmt.Sprintf("needs.values[%d]", i), "the value %q is not given; add it under settings.values in gateway.yaml", name)
		}
	}
	for i, name := range l.d.Needs.Secrets {
		if _, given := l.secrets[name]; !given { // one that is given and cannot be read was reported where it stands
			l.report(fmt.Sprintf("needs.secrets[%d]", i), "the secret %q is not given; add it under settings.secrets in gateway.yaml", name)
		}
	}
}

func (l *loader) reveal() map[string]string {
	out := make(map[string]string, len(l.secrets))
	for name, s := range l.secrets {
		out[name] = s.Reveal()
	}
	return out
}

func (l *loader) address() {
	u, err := url.Parse(l.d.BaseURL)
	switch {
	case l.d.BaseURL == "":
		l.report("base_url", "is required; write the address that all paths start from, such as https://shop.example.com/api")
	case err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "":
		l.report("base_url", "wants an absolute http or https URL")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		l.report("base_url", "must not hold credentials, a query or a fragment; credentials go under auth")
	default:
		l.shop.base = u
	}
	for i, h := range l.d.Hosts {
		if hu, err := url.Parse("//" + h); err != nil || hu.Host != h || h == "" {
			l.report(fmt.Sprintf("hosts[%d]", i), "wants a host name, with a port if it is not the usual one")
		}
	}
	l.shop.hosts = l.d.Hosts
}

func (l *loader) facts() {
	f := l.d.Facts
	c, err := commerce.ParseCurrency(f.Currency)
	if err != nil {
		l.report("facts.currency", "is required: three letters of ISO 4217, such as usd")
		c = "usd" // so that the expressions can be checked all the same
	}
	mode := commerce.Rounding(f.Rounding)
	if !mode.Valid() {
		l.report("facts.rounding", "%q is not known; choose half_up, half_even, half_down, up or down", f.Rounding)
	}
	if f.MaxProcessing < 0 || f.MaxProcessing > time.Hour {
		l.report("facts.max_processing", "wants a duration up to 1h")
	}
	if f.MaxProcessing == 0 {
		f.MaxProcessing = defaultMaxProcessing
	}
	switch on := adapters.CommitsOn(f.CommitsOn); on {
	case "", adapters.OnPlace:
	case adapters.OnPayment:
		l.report("facts.commits_on", "a shop where paying is what binds the order is not served yet; only place is")
	default:
		l.report("facts.commits_on", "%q is not known; choose place", f.CommitsOn)
	}
	l.shop.facts = adapters.Facts{Currency: c, Rounding: mode, MaxProcessing: f.MaxProcessing, CommitsOn: adapters.CommitsOn(f.CommitsOn), Split: f.Split}
	l.shop.money = moneyRules{currency: c, form: l.d.Money.Form, exponent: c.Digits(), rounding: mode, included: l.d.Money.Tax == "included"}
	if !slices.Contains([]string{formMinorInt, formDecimalString, formDecimalNumber}, l.d.Money.Form) {
		l.report("money.form", "is required: minor_int, decimal_string or decimal_number")
	}
	if !slices.Contains([]string{"", "included", "excluded"}, l.d.Money.Tax) {
		l.report("money.tax", "%q is not known; choose included or excluded", l.d.Money.Tax)
	}
	switch e := l.d.Money.Exponent.(type) {
	case nil:
	case int:
		if e < 0 || e > 9 {
			l.report("money.exponent", "wants iso or a number of digits from 0 to 9")
		} else {
			l.shop.money.exponent = e
		}
	default:
		if e != "iso" {
			l.report("money.exponent", "wants iso or a number of digits from 0 to 9")
		}
	}
}

func (l *loader) limits(deps Deps) {
	if l.d.Timeouts.Call < 0 || l.d.Timeouts.Call > 5*time.Minute {
		l.report("timeouts.call", "wants a duration up to 5m")
	}
	l.limit = defaultExpressionTime
	if e := l.d.Timeouts.Expression; e < 0 || e > time.Minute {
		l.report("timeouts.expression", "wants a duration up to 1m")
	} else if e > 0 {
		l.limit = e
	}
	if l.d.MaxResponse < 0 || l.d.MaxResponse > 64<<20 {
		l.report("max_response", "wants a number of bytes up to 67108864")
	}
	l.shop.limit = l.limit
	l.shop.client = shopclient.New(shopclient.Options{Transport: deps.Transport, MaxBody: l.d.MaxResponse, Timeout: l.d.Timeouts.Call})
}

func (l *loader) loadAuth() {
	for _, name := range slices.Sorted(maps.Keys(l.d.Auth)) {
		path := join("auth", name)
		part := l.d.Auth[name]
		a := &auth{fixed: map[string]string{}, headers: l.mixed(path+".headers", part.Headers)}
		switch part.Type {
		case "none":
		case "basic":
			a.fixed["Authorization"] = basic(l.secretOrText(path+".username", part.Username), l.optionalSecret(path+".password", part.Password))
		case "bearer":
			a.fixed["Authorization"] = "Bearer " + l.secret(path+".token", part.Token)
		case "header":
			if part.Header != "" {
				a.fixed[http.CanonicalHeaderKey(part.Header)] = l.secret(path+".value", part.Value)
			}
			for h, s := range part.Secrets {
				a.fixed[http.CanonicalHeaderKey(h)] = l.secret(join(path+".secret_headers", h), s)
			}
			if len(a.fixed) == 0 {
				l.report(path, "wants header and value, or secret_headers")
			}
		case "login":
			l.loadLogin(path, part, a)
		default:
			l.report(path+".type", "%q is not known; choose none, basic, bearer, header or login", part.Type)
		}
		l.auths[name] = a
	}
}

func (l *loader) loadLogin(path string, part authPart, a *auth) {
	if part.Login == nil {
		l.report(path+".login", "is required: post, body, token and lifetime")
		return
	}
	a.header, a.prefix = part.Header, part.Prefix
	if a.header == "" {
		a.header, a.prefix = "Authorization", "Bearer "
	}
	in := part.Login
	a.login = &login{
		path: l.template(path+".login.post", in.Post), body: map[string]string{}, lifetime: in.Lifetime,
		token: l.required(path+".login.token", in.Token), expires: l.expression(path+".login.expires_in", in.ExpiresIn),
	}
	if in.Lifetime < 0 || in.Lifetime == 0 && in.ExpiresIn == "" {
		l.report(path+".login.lifetime", "wants how long a token is good, such as 1h, or expires_in, an expression for the seconds")
	}
	if in.Lifetime == 0 {
		a.login.lifetime = 5 * time.Minute
	}
	for key, s := range in.Body {
		a.login.body[key] = l.secretOrText(join(path+".login.body", key), s)
	}
}

// secretOrText takes a reference to a secret, or plain text that is none.
func (l *loader) secretOrText(path string, s config.Section) string {
	var text string
	if s.IsText() && s.Decode(&text) == nil && !strings.HasPrefix(text, "${") {
		return text
	}
	return l.secret(path, s)
}

func (l *loader) optionalSecret(path string, s config.Section) string {
	var text string
	if s.IsZero() || (s.IsText() && s.Decode(&text) == nil && text == "") {
		return ""
	}
	return l.secret(path, s)
}

// secret resolves "${secret:name}" by the secrets of description and settings, and every other reference by the rules of the file.
func (l *loader) secret(path string, s config.Section) string {
	if s.IsZero() {
		l.report(path, `is required; write "${secret:name}", "${env:NAME}" or "${file:/path}"`)
		return ""
	}
	var text string
	if s.IsText() && s.Decode(&text) == nil {
		if name, ok := strings.CutPrefix(text, "${secret:"); ok {
			name = strings.TrimSuffix(name, "}")
			if l.secrets[name].IsZero() && !slices.Contains(l.d.Needs.Secrets, name) {
				l.report(path, "the secret %q is not given; add it under secrets here, or under settings.secrets in gateway.yaml", name)
			}
			return l.secrets[name].Reveal()
		}
	}
	var secret config.Secret
	if err := s.Decode(&secret); err != nil {
		l.problems = append(l.problems, config.ProblemsOf(err)...)
	}
	return secret.Reveal()
}
