// Package carts is the service of saved carts: prices for lines before there is a checkout session (ACP rfc.cart and openapi.cart of
// 2026-04-17, read 2026-11-22). It asks nobody for an address, takes no discount code and no payment, and holds nothing that a buyer
// can see.
//
// Start with [Service.Create]. A cart and the answer about it commit together, as sessions do. What a cart holds in the shop is given
// back when it is canceled or expires: ending is written first, the shop is asked then, and the row goes last (return.go), so that a
// crash in between only asks the shop twice.
//
// A buyer may go on in the shop with a cart (handoff.go). The shop's cart is theirs from then on, as package handoff has it.
//
// The package may import upstream, adapters, handoff, store, commerce and clock.
package carts
