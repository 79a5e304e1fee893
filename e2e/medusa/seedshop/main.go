// Command seedshop seeds the shop that .ci/medusa.sh started and prints its keys and ids as shell variables:
//
//	eval "$(.ci/medusa.sh start)" && eval "$(go run ./e2e/medusa/seedshop)"
package main

import (
	"context"
	"fmt"
	"os"
	"sort"
	"strings"

	"github.com/postern-gateway/postern/e2e/medusa"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "seedshop:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	shop, err := medusa.OpenFromEnv(ctx)
	if err != nil {
		return err
	}
	seeded, err := shop.Seed(ctx)
	if err != nil {
		return err
	}
	lines := []string{
		"MEDUSA_PUBLISHABLE_KEY=" + seeded.PublishableKey,
		"MEDUSA_SECRET_KEY=" + seeded.SecretKey,
		"MEDUSA_REGION=" + seeded.RegionID,
		"MEDUSA_SALES_CHANNEL=" + seeded.SalesChannelID,
		"MEDUSA_LOCATION=" + seeded.LocationID,
	}
	for prefix, ids := range map[string]map[string]string{
		"MEDUSA_VARIANT_": seeded.Variants, "MEDUSA_INVENTORY_": seeded.Inventory, "MEDUSA_OPTION_": seeded.ShippingOptions,
	} {
		for name, id := range ids {
			lines = append(lines, prefix+strings.ReplaceAll(strings.ToUpper(name), "-", "_")+"="+id)
		}
	}
	sort.Strings(lines)
	for _, line := range lines {
		fmt.Println("export " + line)
	}
	return nil
}
