package sqlstore

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
)

// KeySize is the length of the sealing key in bytes (AES-256).
const KeySize = 32

// sealFormat is the first byte of a sealed value, so that another form can be told apart later.
const sealFormat = 1

const (
	keyIDSize  = 8
	nonceSize  = 12
	headerSize = 1 + keyIDSize + nonceSize
)

// errSealed says that a value does not open: it was changed, moved to another row, or sealed under another key.
var errSealed = errors.New("the sealed value does not open: it was changed outside Postern, moved from another row, or sealed with another key")

// sealer seals and opens column values. A sealed value is: format, key id, nonce, ciphertext with tag. Nonces are random, which is good
// for 2^32 values under one key (NIST SP 800-38D section 8.3): about a billion purchases. It is safe for concurrent use.
type sealer struct {
	aead cipher.AEAD
	id   [keyIDSize]byte
}

// place names where a sealed value stands. A value opens only in the place it was sealed for.
type place struct {
	table, column string
	row           [3]string // the primary key; unused parts are empty
}

func newSealer(key []byte) (*sealer, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("the encryption key has %d bytes, want %d: make one with: openssl rand -base64 %d", len(key), KeySize, KeySize)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("set up the encryption key: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("set up the encryption key: %w", err)
	}
	s := &sealer{aead: aead}
	// The id is told in errors and in the file; a hash of 256 random bits gives nothing of them away.
	sum := sha256.Sum256(append([]byte("postern store key id\x00"), key...))
	copy(s.id[:], sum[:])
	return s, nil
}

// keyID is the name of the key in messages.
func (s *sealer) keyID() string { return hex.EncodeToString(s.id[:]) }

// seal never returns an empty value: an empty text is sealed as well.
func (s *sealer) seal(plain []byte, at place) []byte {
	out := make([]byte, headerSize, headerSize+len(plain)+s.aead.Overhead())
	out[0] = sealFormat
	copy(out[1:], s.id[:])
	nonce := out[1+keyIDSize : headerSize]
	_, _ = rand.Read(nonce) // never fails: it ends the program where the system has no randomness
	return s.aead.Seal(out, nonce, plain, at.bytes())
}

// open reuses the memory of sealed. An empty text comes back as nil.
func (s *sealer) open(sealed []byte, at place) ([]byte, error) {
	if len(sealed) < headerSize || sealed[0] != sealFormat {
		return nil, fmt.Errorf("%s.%s: %w", at.table, at.column, errSealed)
	}
	if [keyIDSize]byte(sealed[1:]) != s.id {
		return nil, fmt.Errorf("%s.%s: sealed with key %x, this is key %s: %w", at.table, at.column, sealed[1:1+keyIDSize], s.keyID(), errSealed)
	}
	nonce, text := sealed[1+keyIDSize:headerSize], sealed[headerSize:]
	plain, err := s.aead.Open(text[:0], nonce, text, at.bytes())
	if err != nil {
		return nil, fmt.Errorf("%s.%s: %w", at.table, at.column, errSealed)
	}
	if len(plain) == 0 {
		return nil, nil
	}
	return plain, nil
}

// bytes writes each part with its length before it, so that no two places read the same.
func (p place) bytes() []byte {
	b := make([]byte, 0, 160)
	for _, part := range [...]string{p.table, p.column, p.row[0], p.row[1], p.row[2]} {
		b = binary.AppendUvarint(b, uint64(len(part)))
		b = append(b, part...)
	}
	return b
}
