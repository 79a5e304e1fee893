package agentkey_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/config/agentkey"
)

func ExampleHash() {
	fmt.Println(agentkey.Hash("password"))
	// Output: 5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8
}

func TestNew(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^acpg_live_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}$`)
	seen := map[string]bool{}
	counts := map[rune]int{}
	for range 1000 {
		token, err := agentkey.New("live")
		if err != nil {
			t.Fatal(err)
		}
		if !form.MatchString(token) || seen[token] {
			t.Fatalf("New = %q: wrong form or made twice", token)
		}
		if err := agentkey.Check(token); err != nil {
			t.Fatalf("Check(%q) = %v", token, err)
		}
		seen[token] = true
		for _, c := range strings.Split(token, "_")[3][:43] {
			counts[c]++
		}
	}
	// 43000 characters over 62: 693 each, standard deviation 26. Eight deviations do not happen by chance.
	for c, n := range counts {
		if n < 485 || n > 901 {
			t.Errorf("character %q came %d times in 43000, want about 693", c, n)
		}
	}
	if len(counts) != 62 {
		t.Errorf("%d different characters, want 62", len(counts))
	}
}

func TestNewRefusesEnvironment(t *testing.T) {
	t.Parallel()
	for _, env := range []string{"", "Live", "a_b", "seventeenletters1", "ä"} {
		if token, err := agentkey.New(env); err == nil {
			t.Errorf("New(%q) = %q, want an error", env, token)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	token, err := agentkey.New("test")
	if err != nil {
		t.Fatal(err)
	}
	flip := func(i int) string {
		b := []byte(token)
		if b[i] == 'a' {
			b[i] = 'b'
		} else {
			b[i] = 'a'
		}
		return string(b)
	}
	for name, text := range map[string]string{
		"empty":             "",
		"cut short":         token[:len(token)-1],
		"one more":          token + "x",
		"wrong id":          flip(len("acpg_test_") + 2),
		"wrong secret":      flip(len("acpg_test_12345678_") + 5),
		"wrong checksum":    flip(len(token) - 1),
		"other prefix":      "x" + token[1:],
		"other environment": strings.Replace(token, "_test_", "_live_", 1),
		"platform's own":    "sk-1234567890",
	} {
		if err := agentkey.Check(text); !errors.Is(err, agentkey.ErrNoToken) {
			t.Errorf("%s: Check = %v, want ErrNoToken", name, err)
		}
	}
}
