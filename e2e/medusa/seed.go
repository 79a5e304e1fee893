package medusa

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
)

// What the seeded shop sells. Amounts are in major units of the US dollar, as Medusa takes them. They are chosen so
// that 8.25 % tax leaves fractions of a cent, which Medusa keeps: a towel and a teapot by standard shipping with the
// code are (17.49 + 32.49 - 10.00 + 5.50) * 1.0825 = 49.2321.
const (
	TowelSKU  = "TOWEL-BLUE" // 17.49
	TeapotSKU = "TEAPOT-1L"  // 32.49
	LampSKU   = "LAMP-OAK"   // 64.99, and the automatic promotion takes 15 % off it
	ScarceSKU = "VASE-LAST"  // 21.49, of which there are ScarceStock

	// PlentyStock and ScarceStock are pieces in stock after seeding.
	PlentyStock = 10000
	ScarceStock = 1

	// Code takes 10.00 off all items of a cart, spread over them. AutomaticCode names the automatic promotion.
	Code          = "TENOFF"
	AutomaticCode = "LAMPDAYS"

	// Standard and Express are the names of the shipping options, 5.50 and 12.25. They serve the United States.
	Standard = "Standard"
	Express  = "Express"

	// ServedCountry has shipping options; UnservedCountry is in the region but no option serves it; ForeignCountry is
	// not in the region.
	ServedCountry   = "us"
	UnservedCountry = "ca"
	ForeignCountry  = "de"
)

// Seeded is what a caller must know of a seeded shop: the keys and the ids that Medusa gave.
type Seeded struct {
	// PublishableKey opens the store API for the sales channel, in header x-publishable-api-key.
	PublishableKey string
	// SecretKey opens the admin API, as the user of basic authentication with an empty password.
	SecretKey string
	// RegionID is the region of the US dollar; SalesChannelID the channel of the publishable key.
	RegionID, SalesChannelID string
	// LocationID is the only stock location.
	LocationID string
	// Variants maps a SKU to the variant's id; Inventory maps it to the inventory item's id.
	Variants, Inventory map[string]string
	// ShippingOptions maps the option's name to its id.
	ShippingOptions map[string]string
}

// object is a thing of Medusa of which only the id matters, or a request's body.
type object = map[string]any

// seeder carries the first error, so that the list of things to create reads as a list.
type seeder struct {
	ctx  context.Context
	shop *Shop
	err  error
}

// Seed creates whatever the shop does not have yet and returns what there is. A second call creates nothing but a
// new secret key, because Medusa shows a secret key only once.
func (s *Shop) Seed(ctx context.Context) (Seeded, error) {
	d := &seeder{ctx: ctx, shop: s}
	out := Seeded{Variants: map[string]string{}, Inventory: map[string]string{}, ShippingOptions: map[string]string{}}

	out.SalesChannelID = d.ensure("sales-channels", "sales_channel", "name", "Agents", nil)
	keyID := d.ensure("api-keys", "api_key", "title", "Agents", object{"type": "publishable"})
	d.post("/admin/api-keys/"+keyID+"/sales-channels", object{"add": []string{out.SalesChannelID}})
	out.PublishableKey = d.text("/admin/api-keys/"+keyID, "api_key", "token")
	out.SecretKey = d.secretKey()

	out.RegionID = d.ensure("regions", "region", "name", "North America", object{
		"currency_code": "usd", "countries": []string{ServedCountry, UnservedCountry}, "payment_providers": []string{"pp_system_default"},
	})
	d.ensure("tax-regions", "tax_region", "country_code", ServedCountry, object{
		"provider_id": "tp_system", "default_tax_rate": object{"rate": json.Number("8.25"), "name": "Sales tax", "code": "us-8.25"},
	})
	out.LocationID = d.location(out.SalesChannelID)
	zone := d.serviceZone(out.LocationID)
	profile := d.ensure("shipping-profiles", "shipping_profile", "name", "Parcels", object{"type": "parcels"})
	out.ShippingOptions[Standard] = d.shippingOption(Standard, "5.50", zone, profile)
	out.ShippingOptions[Express] = d.shippingOption(Express, "12.25", zone, profile)

	d.product(&out, TowelSKU, "Blue linen towel", "17.49", PlentyStock, profile)
	d.product(&out, TeapotSKU, "Stoneware teapot, one litre", "32.49", PlentyStock, profile)
	lamp := d.product(&out, LampSKU, "Oak desk lamp", "64.99", PlentyStock, profile)
	d.product(&out, ScarceSKU, "The last vase", "21.49", ScarceStock, profile)

	d.promotion(Code, object{
		"is_automatic": false,
		"application_method": object{
			"type": "fixed", "target_type": "items", "allocation": "across", "value": 10, "currency_code": "usd",
		},
	})
	d.promotion(AutomaticCode, object{
		"is_automatic": true,
		"application_method": object{
			"type": "percentage", "target_type": "items", "allocation": "across", "value": 15, "currency_code": "usd",
			"target_rules": []object{{"attribute": "items.product.id", "operator": "eq", "values": []string{lamp}}},
		},
	})
	if d.err != nil {
		return Seeded{}, fmt.Errorf("seed the shop: %w", d.err)
	}
	return out, nil
}

// post sends body to path unless something failed before, and returns the answer.
func (d *seeder) post(path string, body object) object {
	answer := object{}
	if d.err == nil {
		d.err = d.shop.post(d.ctx, path, body, &answer)
	}
	return answer
}

// get reads path unless something failed before.
func (d *seeder) get(path string, query url.Values) object {
	answer := object{}
	if d.err == nil {
		d.err = d.shop.get(d.ctx, path, query, &answer)
	}
	return answer
}

// dig walks into an answer and records an error where a step is missing.
func dig[T any](d *seeder, from any, path ...any) T {
	var none T
	if d.err != nil {
		return none
	}
	at := from
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, _ := at.(object)
			at = m[step]
		case int:
			l, _ := at.([]any)
			if step >= len(l) {
				at = nil
				break
			}
			at = l[step]
		}
	}
	found, ok := at.(T)
	if !ok {
		raw, _ := json.Marshal(from)
		d.err = fmt.Errorf("no %v in the answer %.400s", path, raw)
	}
	return found
}

// text reads one string of one thing.
func (d *seeder) text(path, thing, field string) string {
	return dig[string](d, d.get(path, nil), thing, field)
}

// ensure returns the id of the thing of a collection whose field has this value, and creates it with the other
// fields when there is none.
func (d *seeder) ensure(collection, thing, field, value string, others object) string {
	key := plural(collection)
	found := dig[[]any](d, d.get("/admin/"+collection, url.Values{"limit": {"100"}, "fields": {"id," + field}}), key)
	for _, one := range found {
		if m, ok := one.(object); ok && m[field] == value {
			return dig[string](d, m, "id")
		}
	}
	body := object{field: value}
	maps.Copy(body, others)
	return dig[string](d, d.post("/admin/"+collection, body), thing, "id")
}

// plural is the key under which Medusa lists a collection.
func plural(collection string) string {
	out := []byte(collection)
	for i, c := range out {
		if c == '-' {
			out[i] = '_'
		}
	}
	return string(out)
}

func (d *seeder) secretKey() string {
	return dig[string](d, d.post("/admin/api-keys", object{"title": "Gateway", "type": "secret"}), "api_key", "token")
}

// location creates the stock location and joins it to the channel and to the manual fulfilment provider.
func (d *seeder) location(channel string) string {
	id := d.ensure("stock-locations", "stock_location", "name", "Warehouse", object{
		"address": object{"address_1": "1 Dock Road", "city": "Dallas", "country_code": ServedCountry, "postal_code": "75201"},
	})
	d.post("/admin/stock-locations/"+id+"/sales-channels", object{"add": []string{channel}})
	d.post("/admin/stock-locations/"+id+"/fulfillment-providers", object{"add": []string{"manual_manual"}})
	return id
}

// serviceZone returns the zone that serves ServedCountry alone.
func (d *seeder) serviceZone(location string) string {
	sets := url.Values{"fields": {"id,*fulfillment_sets,*fulfillment_sets.service_zones"}}
	path := "/admin/stock-locations/" + location
	read := func() []any { return dig[[]any](d, d.get(path, sets), "stock_location", "fulfillment_sets") }
	have := read()
	if len(have) == 0 {
		d.post(path+"/fulfillment-sets", object{"name": "Parcels", "type": "shipping"})
		have = read()
	}
	if zones := dig[[]any](d, have, 0, "service_zones"); len(zones) > 0 {
		return dig[string](d, zones, 0, "id")
	}
	made := d.post("/admin/fulfillment-sets/"+dig[string](d, have, 0, "id")+"/service-zones", object{
		"name": "United States", "geo_zones": []object{{"type": "country", "country_code": ServedCountry}},
	})
	return dig[string](d, made, "fulfillment_set", "service_zones", 0, "id")
}

func (d *seeder) shippingOption(name string, amount json.Number, zone, profile string) string {
	return d.ensure("shipping-options", "shipping_option", "name", name, object{
		"service_zone_id": zone, "shipping_profile_id": profile, "provider_id": "manual_manual", "price_type": "flat",
		"type":   object{"label": name, "description": name + " delivery", "code": plural(name)},
		"prices": []object{{"currency_code": "usd", "amount": amount}},
		"rules": []object{
			{"attribute": "enabled_in_store", "operator": "eq", "value": "true"},
			{"attribute": "is_return", "operator": "eq", "value": "false"},
		},
	})
}

// product creates a product of one variant with stock, records the variant's ids and returns the product's id.
func (d *seeder) product(out *Seeded, sku, title string, price json.Number, stock int, profile string) string {
	id := d.ensure("products", "product", "title", title, object{
		"status": "published", "shipping_profile_id": profile,
		"sales_channels": []object{{"id": out.SalesChannelID}},
		"options":        []object{{"title": "Kind", "values": []string{"One"}}},
		"variants": []object{{
			"title": "One", "sku": sku, "manage_inventory": true, "options": object{"Kind": "One"},
			"prices": []object{{"currency_code": "usd", "amount": price}},
		}},
	})
	variants := d.get("/admin/product-variants", url.Values{"sku": {sku}, "fields": {"id,sku,inventory_items.inventory_item_id"}})
	out.Variants[sku] = dig[string](d, variants, "variants", 0, "id")
	item := dig[string](d, variants, "variants", 0, "inventory_items", 0, "inventory_item_id")
	out.Inventory[sku] = item
	levels := dig[[]any](d, d.get("/admin/inventory-items/"+item+"/location-levels", nil), "inventory_levels")
	if len(levels) == 0 {
		d.post("/admin/inventory-items/"+item+"/location-levels", object{"location_id": out.LocationID, "stocked_quantity": stock})
	}
	return id
}

func (d *seeder) promotion(code string, others object) {
	others["type"], others["status"] = "standard", "active"
	d.ensure("promotions", "promotion", "code", code, others)
}
