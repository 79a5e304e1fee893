package write

import (
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// Authentication is authentication_metadata as the dates from 2025-12-12 on
// have it. Channel stands until 2026-01-30 and is required there.
type Authentication struct {
	Channel         *Channel        `json:"channel,omitzero"`
	AcquirerDetails AcquirerDetails `json:"acquirer_details"`
	DirectoryServer string          `json:"directory_server"`
	FlowPreference  *FlowPreference `json:"flow_preference,omitzero"`
}

// AcquirerDetails name the bank behind the shop.
type AcquirerDetails struct {
	BIN          string `json:"acquirer_bin"`
	Country      string `json:"acquirer_country"`
	MerchantID   string `json:"acquirer_merchant_id"`
	MerchantName string `json:"merchant_name"`
	RequestorID  string `json:"requestor_id,omitzero"`
}

// FlowPreference is how the shop would like the card holder to be asked.
type FlowPreference struct {
	Type         string    `json:"type"`
	Challenge    *FlowKind `json:"challenge,omitzero"`
	Frictionless *FlowKind `json:"frictionless,omitzero"`
}

// FlowKind is the closer word for a flow.
type FlowKind struct {
	Type string `json:"type"`
}

// Channel is the browser that the card holder sits at.
type Channel struct {
	Type    string  `json:"type"`
	Browser Browser `json:"browser"`
}

// Browser is what 3-D Secure asks of a browser. The last five members are
// required where JavaScript is enabled.
type Browser struct {
	AcceptHeader      *string `json:"accept_header"`
	IPAddress         *string `json:"ip_address"`
	JavaScriptEnabled *bool   `json:"javascript_enabled"`
	Language          *string `json:"language"`
	UserAgent         *string `json:"user_agent"`
	ColorDepth        *int64  `json:"color_depth,omitzero"`
	JavaEnabled       *bool   `json:"java_enabled,omitzero"`
	ScreenHeight      *int64  `json:"screen_height,omitzero"`
	ScreenWidth       *int64  `json:"screen_width,omitzero"`
	TimezoneOffset    *int64  `json:"timezone_offset,omitzero"`
}

// AuthenticationOf is what an agent needs to authenticate the card holder, or
// nil when the session does not wait for that or what it knows does not fit
// the schema. It has no channel.
func AuthenticationOf(s commerce.Session) *Authentication {
	a := s.AuthenticationMetadata
	if a == nil || s.Status != commerce.AuthenticationRequired {
		return nil
	}
	out := &Authentication{
		AcquirerDetails: AcquirerDetails{
			BIN: a.AcquirerBIN, Country: a.AcquirerCountry, MerchantID: a.AcquirerMerchantID, MerchantName: cut(a.MerchantName, 40),
			RequestorID: a.RequestorID,
		},
		DirectoryServer: OneOf(a.DirectoryServer, "american_express", "mastercard", "visa"),
	}
	d := out.AcquirerDetails
	fits := longest(d.BIN, 11) && utf8.RuneCountInString(d.Country) == 2 && longest(d.MerchantID, 35) && longest(d.RequestorID, 35)
	if !fits || out.DirectoryServer == "" {
		return nil
	}
	if kind := OneOf(a.FlowType, "challenge", "frictionless"); kind != "" {
		out.FlowPreference = &FlowPreference{
			Type: kind, Challenge: flow(OneOf(a.Challenge, "mandated", "preferred")), Frictionless: flow(OneOf(a.Frictionless, "low_risk")),
		}
	}
	return out
}

// BrowserAuthenticationOf is [AuthenticationOf] with the channel that the
// dates until 2026-01-30 require. It is nil where the agent gave none: such a
// date cannot show the step, and the buyer is handed off.
func BrowserAuthenticationOf(s commerce.Session) *Authentication {
	out := AuthenticationOf(s)
	if out == nil {
		return nil
	}
	if out.Channel = channelOf(s.AuthenticationMetadata.Channel); out.Channel == nil {
		return nil
	}
	return out
}

// MustAuthenticate is the message that stands for the status
// authentication_required where a date cannot show it.
func MustAuthenticate(s commerce.Session) commerce.Message {
	return commerce.Message{
		Type: commerce.Error, Code: commerce.CodeRequires3DS, Severity: "high", Resolution: commerce.RequiresBuyerInput,
		Content: "The card holder must authenticate." + Elsewhere(s),
	}
}

// Elsewhere tells in words where to go on, for a text that comes before it.
func Elsewhere(s commerce.Session) string {
	address := URL(s.ContinueURL)
	if address == "" {
		return ""
	}
	return " Continue at " + address
}

// channelOf reads what the agent said of its browser and keeps what the
// schema has; nil when that is not enough.
func channelOf(raw []byte) *Channel {
	var c Channel
	if len(raw) == 0 || json.Unmarshal(raw, &c) != nil || c.Type != "browser" {
		return nil
	}
	b := c.Browser
	if b.AcceptHeader == nil || b.IPAddress == nil || b.JavaScriptEnabled == nil || b.Language == nil || b.UserAgent == nil ||
		!longest(*b.IPAddress, 45) || !longest(*b.Language, 35) {
		return nil
	}
	if *b.JavaScriptEnabled &&
		(b.ColorDepth == nil || b.JavaEnabled == nil || b.ScreenHeight == nil || b.ScreenWidth == nil || b.TimezoneOffset == nil) {
		return nil
	}
	return &c
}

func flow(kind string) *FlowKind {
	if kind == "" {
		return nil
	}
	return &FlowKind{Type: kind}
}

func longest(text string, runes int) bool { return utf8.RuneCountInString(text) <= runes }

func cut(text string, runes int) string {
	for i := range text {
		if runes == 0 {
			return text[:i]
		}
		runes--
	}
	return text
}
