package reader

import (
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/wire"
)

// affiliateOf reads who sent the buyer, under its name in every date that has it.
func (d Dialect) affiliateOf(root wire.Value) *commerce.Affiliate {
	return wire.Optional(only(root.Get("affiliate_attribution"), d.SideData, Affiliate), affiliate)
}

// affiliate reads who sent the buyer. A claim without a provider, or with
// neither token nor publisher, is refused, and so is one that names a person
// (ACP rfc.affiliate_attribution 4.2.3 and 6, read 2026-11-22). The token is
// opaque and is not looked into.
func affiliate(v wire.Value) commerce.Affiliate {
	source := v.Get("source")
	claim := commerce.Affiliate{
		Provider:    v.Require("provider").Word(),
		Token:       v.Get("token").Text(),
		PublisherID: nobody(v.Get("publisher_id")),
		CampaignID:  nobody(v.Get("campaign_id")),
		CreativeID:  nobody(v.Get("creative_id")),
		SubID:       nobody(v.Get("sub_id")),
		SourceURL:   source.Get("url").Text(),
		IssuedAt:    v.Get("issued_at").Text(),
		ExpiresAt:   v.Get("expires_at").Text(),
		Metadata:    flat(v.Get("metadata")),
		Touchpoint:  word(v.Get("touchpoint"), "first", "last"),
	}
	if source.HasValue() {
		claim.SourceType = word(needed(source.Get("type"), true, SourceTypeMissing), "url", "platform", "unknown")
	}
	for _, member := range v.Get("metadata").Members() {
		if member.Kind() == wire.KindString {
			nobody(member)
		}
	}
	if hasEmail(claim.SourceURL) {
		source.Get("url").Refuse(wire.Private, "an e-mail address names a person")
	}
	if claim.Token == "" && claim.PublisherID == "" {
		v.Refuse(wire.Missing, "token or publisher_id is needed")
	}
	v.Open() // servers ignore what they do not know (8.2)
	return claim
}

// nobody reads text that must not lead to a person.
func nobody(v wire.Value) string {
	text := v.Text()
	switch {
	case hasEmail(text):
		v.Refuse(wire.Private, "an e-mail address names a person")
	case hasPhone(text):
		v.Refuse(wire.Private, "a phone number names a person")
	}
	return text
}
