// Package agentkey makes the bearer tokens of agents and hashes them, so that configuration and database hold only what
// opens nothing.
//
// Start at [New], which makes a token, and [Hash], which makes the line of gateway.yaml that accepts it. A token that an
// agent's platform issued is hashed the same way and needs no particular form: tokens are opaque to the gateway, the
// form below is only for those that it makes itself.
//
// It may import the standard library only.
package agentkey

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"regexp"
	"strings"
)

const (
	// prefix marks a token as one of this gateway, so that secret scanners find it in places where it must not be.
	prefix = "acpg"
	// secretChars is the length of the secret: 43 characters of 62 hold 256 bits.
	secretChars = 43
	// idChars is the length of the key id, which tells keys apart in logs and opens nothing.
	idChars = 8
	// crcChars is the length of the checksum: 6 characters of 62 hold 32 bits.
	crcChars = 6
	// alphabet holds no character that is escaped anywhere or that a double click does not select.
	alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// environment is the form of the second part of a token.
var environment = regexp.MustCompile(`^[a-z0-9]{1,16}$`)

// ErrNoToken is returned by Check for text that is not a token of this package's form, or was copied wrongly.
var ErrNoToken = errors.New("not a token made by postern keys new, or not copied whole")

// New makes a token, acpg_<env>_<keyid>_<secret><crc>: a 256-bit random secret, a key id of 8 characters, and a CRC-32
// of all before it by which a scanner or [Check] tells a token from chance. The form follows GitHub's tokens
// (github.blog, 2021-04-05, read 2026-11-22). env is 1 to 16 lower-case letters or digits, such as "live" or "test".
// A second call makes another token.
func New(env string) (string, error) {
	if !environment.MatchString(env) {
		return "", fmt.Errorf("make an agent key: the environment %q must be 1 to 16 lower-case letters or digits, such as live or test", env)
	}
	body := strings.Join([]string{prefix, env, random(idChars), random(secretChars)}, "_")
	return body + checksum(body), nil
}

// Hash returns the SHA-256 of a token as 64 lower-case hexadecimal digits: the value of agents[].keys[].sha256. A plain
// hash is enough because the secret is random; a slow one would add latency and a way to overload the gateway.
func Hash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Check reports whether text has the form that New makes and its checksum is right. It says nothing about whether any
// gateway accepts the token. The error is ErrNoToken and does not repeat the text.
func Check(text string) error {
	parts := strings.Split(text, "_")
	if len(parts) != 4 || parts[0] != prefix || !environment.MatchString(parts[1]) ||
		len(parts[2]) != idChars || len(parts[3]) != secretChars+crcChars {
		return ErrNoToken
	}
	body := text[:len(text)-crcChars]
	if checksum(body) != text[len(body):] {
		return ErrNoToken
	}
	return nil
}

// random returns n characters of the alphabet, each equally likely. The system's random source does not fail: crypto/rand
// ends the program rather than return less.
func random(n int) string {
	// The largest multiple of the alphabet's size below 256; bytes from there on would favor the first characters.
	const limit = 256 - 256%len(alphabet)
	out := make([]byte, 0, n)
	var buf [64]byte
	for len(out) < n {
		_, _ = rand.Read(buf[:]) // never fails, see above
		for _, b := range buf {
			if int(b) < limit && len(out) < n {
				out = append(out, alphabet[int(b)%len(alphabet)])
			}
		}
	}
	return string(out)
}

func checksum(body string) string {
	sum := uint64(crc32.ChecksumIEEE([]byte(body)))
	out := make([]byte, crcChars)
	for i := crcChars - 1; i >= 0; i-- {
		out[i] = alphabet[sum%uint64(len(alphabet))]
		sum /= uint64(len(alphabet))
	}
	return string(out)
}
