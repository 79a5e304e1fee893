package signing

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/asn1"
	"math/big"
	"slices"
)

// half is the length of r and of s in the form of JOSE, in bytes.
const half = 32

// verifyES256 takes a signature in the form of JOSE, r and s of 32 bytes each (RFC 7518 section 3.4), or in ASN.1, as OpenSSL makes it.
func verifyES256(k *ecdsa.PublicKey, sum, signature []byte) bool {
	if len(signature) == 2*half {
		r, s := new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])
		return ecdsa.Verify(k, sum, r, s)
	}
	return ecdsa.VerifyASN1(k, sum, signature)
}

// oneFormES256 is the one form of a signature that was verified: JOSE's, with the smaller s. Who has a signature can write it in the
// other form, and its twin (r, n−s) is as good, without the key; all of them are the same signature to who remembers it.
func oneFormES256(signature []byte) []byte {
	var of struct{ R, S *big.Int }
	if len(signature) == 2*half {
		of.R, of.S = new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])
	} else if _, err := asn1.Unmarshal(signature, &of); err != nil { // it was verified, so that it can be read
		return signature
	}
	if twin := new(big.Int).Sub(elliptic.P256().Params().N, of.S); twin.Cmp(of.S) < 0 {
		of.S = twin
	}
	return slices.Concat(of.R.FillBytes(make([]byte, half)), of.S.FillBytes(make([]byte, half)))
}
