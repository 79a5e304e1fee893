package write

import "github.com/postern-gateway/postern/gateway/commerce"

// Product is what a line shows of its goods, from 2025-12-12 on. It is
// embedded in the lines of the dates.
type Product struct {
	Name             string      `json:"name,omitzero"`
	Description      string      `json:"description,omitzero"`
	Images           []string    `json:"images,omitempty"`
	UnitAmount       int64       `json:"unit_amount"`
	Disclosures      []Text      `json:"disclosures,omitempty"`
	CustomAttributes []Attribute `json:"custom_attributes,omitempty"`
	Marketplace      *Seller     `json:"marketplace_seller_details,omitzero"`
}

// Text is a disclosure.
type Text struct {
	Type        string `json:"type"`
	ContentType string `json:"content_type"`
	Content     string `json:"content"`
}

// Attribute is a named value that the shop made up.
type Attribute struct {
	DisplayName string `json:"display_name"`
	Value       string `json:"value"`
}

// Seller is who sells on a marketplace.
type Seller struct {
	Name string `json:"name"`
}

// ProductOf shows the goods of a line, as plain text and whole addresses.
func ProductOf(l *commerce.Line) Product {
	out := Product{Name: Plain(l.Name), Description: Plain(l.Description), Images: URLs(l.Images), UnitAmount: l.UnitAmount}
	if len(l.Disclosures) > 0 {
		out.Disclosures = Each(l.Disclosures, disclosureOf)
	}
	if len(l.CustomAttributes) > 0 {
		out.CustomAttributes = Each(l.CustomAttributes, func(a commerce.Attribute) Attribute {
			return Attribute{DisplayName: Plain(a.Name), Value: Plain(a.Value)}
		})
	}
	if l.SellerName != "" {
		out.Marketplace = &Seller{Name: Plain(l.SellerName)}
	}
	return out
}

func disclosureOf(d commerce.Disclosure) Text {
	content, contentType := Content(commerce.Message{Content: d.Content, Markdown: d.ContentType == "markdown"})
	return Text{Type: "disclaimer", ContentType: contentType, Content: content} // the one type there is
}
