package commerce

import (
	"encoding/json"
	"fmt"
)

// Encode writes the record as the bytes that a store keeps. They are Postern's own and are never sent anywhere.
func (r OrderRecord) Encode() ([]byte, error) {
	b, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode the record of order %s: %w", r.Purchase.OrderID, err)
	}
	return b, nil
}

// DecodeOrderRecord reads what [OrderRecord.Encode] wrote.
func DecodeOrderRecord(b []byte) (OrderRecord, error) {
	var r OrderRecord
	if err := json.Unmarshal(b, &r); err != nil {
		return OrderRecord{}, fmt.Errorf("decode the record of an order: %w", err)
	}
	return r, nil
}
