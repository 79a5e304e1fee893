package medusa

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/shopspring/decimal"
)

// Stock is what the warehouse holds of one inventory item, in pieces.
type Stock struct {
	Stocked   int `json:"stocked_quantity"`
	Reserved  int `json:"reserved_quantity"`
	Available int `json:"available_quantity"`
}

// Stock reads the stock of an inventory item of [Seeded].
func (s *Shop) Stock(ctx context.Context, inventoryID string) (Stock, error) {
	var answer struct {
		Levels []Stock `json:"inventory_levels"`
	}
	err := s.get(ctx, "/admin/inventory-items/"+url.PathEscape(inventoryID)+"/location-levels",
		url.Values{"fields": {"stocked_quantity,reserved_quantity,available_quantity"}}, &answer)
	if err != nil {
		return Stock{}, err
	}
	if len(answer.Levels) != 1 {
		return Stock{}, errors.New("inventory item " + inventoryID + " is not in exactly one location")
	}
	return answer.Levels[0], nil
}

// SetStock sets how many pieces of an inventory item the seeded location holds.
func (s *Shop) SetStock(ctx context.Context, seeded Seeded, inventoryID string, pieces int) error {
	return s.post(ctx, "/admin/inventory-items/"+url.PathEscape(inventoryID)+"/location-levels/"+url.PathEscape(seeded.LocationID),
		object{"stocked_quantity": pieces}, nil)
}

// SetPrice sets what one piece of a variant of [Seeded] costs, in dollars. Open carts keep the price that they were made with.
func (s *Shop) SetPrice(ctx context.Context, variantID string, price decimal.Decimal) error {
	var answer struct {
		Variants []struct {
			ProductID string `json:"product_id"`
		} `json:"variants"`
	}
	query := url.Values{"id": {variantID}, "fields": {"id,product_id"}}
	if err := s.get(ctx, "/admin/product-variants", query, &answer); err != nil {
		return err
	}
	if len(answer.Variants) != 1 {
		return fmt.Errorf("there are %d variants %s", len(answer.Variants), variantID)
	}
	path := "/admin/products/" + url.PathEscape(answer.Variants[0].ProductID) + "/variants/" + url.PathEscape(variantID)
	return s.post(ctx, path, object{"prices": []object{{"currency_code": "usd", "amount": number(price)}}}, nil)
}

// SetPromotion makes the promotion with this code apply or not apply. It stays known to the shop either way.
func (s *Shop) SetPromotion(ctx context.Context, code string, applies bool) error {
	var answer struct {
		Promotions []struct {
			ID string `json:"id"`
		} `json:"promotions"`
	}
	if err := s.get(ctx, "/admin/promotions", url.Values{"code": {code}, "fields": {"id,code"}}, &answer); err != nil {
		return err
	}
	if len(answer.Promotions) != 1 {
		return fmt.Errorf("there are %d promotions %s", len(answer.Promotions), code)
	}
	status := "inactive"
	if applies {
		status = "active"
	}
	return s.post(ctx, "/admin/promotions/"+url.PathEscape(answer.Promotions[0].ID), object{"status": status}, nil)
}
