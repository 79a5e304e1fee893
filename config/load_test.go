package config_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-gateway/postern/config"
)

// testNow is the moment at which every test of this package happens.
var testNow = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// testEnv is the environment that the files of this package's tests refer to.
func testEnv(name string) (string, bool) {
	value, ok := map[string]string{
		"STRIPE_SECRET_KEY":            "sk_test_canary_stripe",
		"STRIPE_LIVE_KEY":              "sk_live_canary_stripe",
		"EXAMPLE_AGENT_WEBHOOK_SECRET": "canary_webhook",
		"POSTERN_KEY":                  "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=",
		"SHORT_KEY":                    "QUJD",
		"EMPTY":                        "",
		"SHOP_TOKEN":                   "canary_shop",
	}[name]
	return value, ok
}

func testOptions() config.Options {
	return config.Options{LookupEnv: testEnv, Now: testNow}
}

// TestReferenceFile loads gateway.yaml as it stands, with the files that it names moved into a folder of the test.
func TestReferenceFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data, err := os.ReadFile("../gateway.yaml")
	if err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(dir, "postern.key")
	writeFile(t, key, 0o600, "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=\n")
	certFile, keyFile := writeCertificate(t, dir)
	text := string(data)
	for from, to := range map[string]string{
		"/run/secrets/postern.key":  key,
		"/etc/postern/tls/cert.pem": certFile,
		"/etc/postern/tls/key.pem":  keyFile,
	} {
		if !strings.Contains(text, from) {
			t.Fatalf("gateway.yaml does not mention %s", from)
		}
		text = strings.ReplaceAll(text, from, to)
	}
	path := filepath.Join(dir, "gateway.yaml")
	writeFile(t, path, 0o600, text)

	cfg, err := config.Load(path, testOptions())
	if err != nil {
		t.Fatalf("gateway.yaml has problems:\n%v", err)
	}
	if len(cfg.Warnings) > 0 {
		t.Errorf("gateway.yaml has warnings:\n%v", cfg.Warnings)
	}
	if got := string(cfg.SealingKey()); got != "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef" {
		t.Errorf("SealingKey = %q", got)
	}
	shop := cfg.Shops["main"]
	if got := shop.Payment.Stripe.SecretKey.Reveal(); got != "sk_test_canary_stripe" {
		t.Errorf("secret key = %q", got)
	}
	var settings struct {
		File string `yaml:"file,required"`
	}
	if err := shop.Settings.Decode(&settings); err != nil {
		t.Errorf("decode settings: %v", err)
	}
	if want := "adapters/declarative/examples/medusa.yaml"; settings.File != want {
		t.Errorf("settings.file = %q, want %q", settings.File, want)
	}

	// Every default that the file spells out is the one that an empty setting gets.
	small, err := config.Parse([]byte(smallFile), testOptions())
	if err != nil {
		t.Fatal(err)
	}
	type defaults struct {
		Limits    config.Limits
		Telemetry config.Telemetry
		Zero      string
		Times     [3]time.Duration
		Trace     bool
		Stripe    [5]string
	}
	of := func(c *config.Config) defaults {
		s := c.Shops["main"]
		p := s.Payment.Stripe
		return defaults{
			c.Limits, c.Telemetry, s.ZeroTotal,
			[3]time.Duration{s.PollEvery, s.ExpireAfter, s.AbandonAfter},
			s.PropagateTrace,
			[5]string{p.APIVersion, p.ParameterShape, p.BaseURL, p.Capture, strings.Join(p.CardBrands, " ")},
		}
	}
	if diff := cmp.Diff(of(cfg), of(small)); diff != "" {
		t.Errorf("gateway.yaml calls other values defaults than the program (-file +program):\n%s", diff)
	}
}

// smallFile says only what is required.
const smallFile = `listen: 127.0.0.1:8080
encryption_key: "${env:POSTERN_KEY}"
store: {sqlite: postern.db}
shops:
  main:
    adapter: declarative
    currency: usd
    payment: {stripe: {secret_key: "${env:STRIPE_SECRET_KEY}", merchant_id: profile_1}}
    links: {terms_of_use: "https://shop.example/terms", privacy_policy: "https://shop.example/privacy"}
agents:
  - name: one
    keys: [{sha256: 5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8}]
    shops: [main]
`

func TestRelativePaths(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "gateway.yaml")
	writeFile(t, path, 0o644, strings.Replace(smallFile, `"${env:POSTERN_KEY}"`, `"${file:the.key}"`, 1))
	writeFile(t, filepath.Join(dir, "the.key"), 0o640, "4142434445464748494a4b4c4d4e4f505152535455565758595a616263646566\r\n")
	cfg, err := config.Load(path, testOptions())
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(dir, "postern.db"); cfg.Store.SQLite != want {
		t.Errorf("store.sqlite = %q, want %q", cfg.Store.SQLite, want)
	}
	if got := string(cfg.SealingKey()); got != "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef" {
		t.Errorf("SealingKey = %q", got)
	}
}

func TestSecretFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "open.key"), 0o644, "x")
	writeFile(t, filepath.Join(dir, "empty.key"), 0o600, "\n")
	writeFile(t, filepath.Join(dir, "large.key"), 0o600, strings.Repeat("x", 70<<10))
	for name, want := range map[string]string{
		"open.key":    "the file DIR/open.key is open to every user of the machine; run chmod o-rwx on it",
		"empty.key":   "the file DIR/empty.key is empty; put the secret into it",
		"large.key":   "the file DIR/large.key is larger than 65536 bytes, too large for a secret; name the right file",
		"missing.key": "the file DIR/missing.key cannot be read (it does not exist)",
		".":           "DIR is not a regular file; name the file itself",
	} {
		opts := testOptions()
		opts.Dir = dir
		_, err := config.Parse([]byte(strings.Replace(smallFile, `"${env:POSTERN_KEY}"`, `"${file:`+name+`}"`, 1)), opts)
		want := config.Problems{{Line: 2, Column: 17, Path: "encryption_key", Message: strings.Replace(want, "DIR", dir, 1)}}
		if diff := cmp.Diff(want, config.ProblemsOf(err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestLiteralSecretOnlyByOption(t *testing.T) {
	t.Parallel()
	text := strings.Replace(smallFile, `"${env:STRIPE_SECRET_KEY}"`, "sk_test_demo", 1)
	_, err := config.Parse([]byte(text), testOptions())
	if err == nil || strings.Contains(err.Error(), "sk_test_demo") {
		t.Errorf("literal secret: got %v, want a refusal that does not repeat it", err)
	}
	opts := testOptions()
	opts.AllowLiteralSecrets = true
	cfg, err := config.Parse([]byte(text), opts)
	if err != nil {
		t.Fatal(err)
	}
	if got := cfg.Shops["main"].Payment.Stripe.SecretKey.Reveal(); got != "sk_test_demo" {
		t.Errorf("secret = %q", got)
	}
}

func TestFileThatIsNotThere(t *testing.T) {
	t.Parallel()
	cfg, err := config.Load("testdata/no-such.yaml", testOptions())
	want := config.Problems{{File: "testdata/no-such.yaml", Message: "the file cannot be read (it does not exist); check its name"}}
	if diff := cmp.Diff(want, config.ProblemsOf(err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if cfg == nil || len(cfg.ShopNames()) != 0 {
		t.Errorf("Load returned %v, want an empty Config", cfg)
	}
}

func TestConfigProblem(t *testing.T) {
	t.Parallel()
	cfg, err := config.Parse([]byte(smallFile), testOptions())
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][2]int{
		"listen":                       {1, 9},
		"shops":                        {4, 1},
		"shops.main":                   {5, 3},
		"shops.main.adapter":           {6, 14},
		"shops.main.settings.file":     {5, 3},
		"shops.main.payment.stripe":    {8, 15},
		"agents[0].name":               {11, 11},
		"agents[0].keys[0].sha256":     {12, 21},
		"agents[0].webhook.version":    {11, 5},
		"agents[7].name":               {10, 1},
		`shops["main"].adapter`:        {6, 14},
		"shops.main.payment.stripe.no": {8, 15},
		"nowhere.at.all":               {1, 1},
		"":                             {1, 1},
	} {
		p := cfg.Problem(path, "no %s", "good")
		if got := [2]int{p.Line, p.Column}; got != want || p.Path != path || p.Message != "no good" {
			t.Errorf("Problem(%q) = %+v, want line and column %v", path, p, want)
		}
	}
}

func writeFile(t *testing.T, path string, mode os.FileMode, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // the umask may have taken bits away
		t.Fatal(err)
	}
}

// writeCertificate makes a self-signed certificate that lives around testNow.
func writeCertificate(t *testing.T, dir string) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: testNow.Add(-time.Hour), NotAfter: testNow.Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	writeFile(t, certFile, 0o644, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})))
	writeFile(t, keyFile, 0o600, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
	return certFile, keyFile
}

// TestWebhookPorts: a receiver may be on any port that exists; 65536 is in testdata/bad.
func TestWebhookPorts(t *testing.T) {
	t.Parallel()
	const bad = "agent.example.com:65536"
	data, err := os.ReadFile("testdata/bad/webhook-port.yaml")
	if err != nil || !bytes.Contains(data, []byte(bad)) {
		t.Fatalf("no %s in the file: %v", bad, err)
	}
	for port, ok := range map[string]bool{"": true, ":443": true, ":8443": true, ":65535": true, ":1": true, ":": true, ":0": false, ":99999999999999999999": false} {
		_, err := config.Parse(bytes.ReplaceAll(data, []byte(bad), []byte("agent.example.com"+port)), testOptions())
		if (err == nil) != ok {
			t.Errorf("port %q: %v, want accepted %v", port, err, ok)
		}
	}
}
