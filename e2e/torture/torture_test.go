//go:build e2e

package torture_test

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-gateway/postern/cmd/postern/demo/shop"
	"github.com/postern-gateway/postern/config/agentkey"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

// The size of the torture. A seed replays the same order of kills and faults, though not the same interleaving.
const (
	purchases = 50
	agents    = 8
	// patience is how long one purchase may take: a quarantine is some 15 s, and a sale may meet several.
	patience = 4 * time.Minute
	// quiet is how long the saga may need to come to rest once nothing fails any more.
	quiet = 2 * time.Minute
	// cutReplies is how many replies Stripe loses to holds, and to captures, if there are enough of them.
	cutReplies = 60
)

// program is the gateway as a child process that is killed and started again.
type program struct {
	t      *testing.T
	binary string
	config string
	log    *os.File

	mu    sync.Mutex
	child *exec.Cmd
	kills int
	ended chan struct{}
}

func (p *program) start() {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := exec.Command(p.binary, "serve", "--config", p.config)
	c.Stdout, c.Stderr = p.log, p.log
	if err := c.Start(); err != nil {
		p.t.Errorf("start the gateway: %v", err)
		return
	}
	p.child, p.ended = c, make(chan struct{})
	go func(ended chan struct{}) {
		_ = c.Wait() // killed on purpose
		close(ended)
	}(p.ended)
}

// kill is kill -9: no handler runs, no file is closed by the program.
func (p *program) kill() {
	p.mu.Lock()
	child, ended := p.child, p.ended
	p.mu.Unlock()
	_ = child.Process.Kill()
	<-ended
	p.kills++
}

// TestTorture is row 10 of the fault matrix.
func TestTorture(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, seed))
	t.Logf("seed %d", seed)
	ctx := t.Context()
	dir := t.TempDir()

	stripe := stripetest.New(t, stripetest.Options{})
	front := shop.New(ctx, shop.Options{Seed: seed})
	server, err := shop.Serve(ctx, front, "127.0.0.1:0", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	token, err := agentkey.New("test")
	if err != nil {
		t.Fatal(err)
	}
	p := &program{t: t, binary: build(t, dir), config: filepath.Join(dir, "gateway.yaml")}
	addr := freePort(t)
	write(t, p.config, configuration(addr, token, server.URL(), front.Key(), stripe.URL(), dir))
	if p.log, err = os.Create(filepath.Join(dir, "gateway.log")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.log.Close()
		if t.Failed() {
			tail(t, p.log.Name())
		}
	})

	for _, sku := range skus {
		if err := front.SetStock(sku, 10_000); err != nil {
			t.Fatal(err)
		}
	}
	armed := trouble(t, front, stripe)
	p.start()
	began := time.Now()
	stopKilling := make(chan struct{})
	var killer sync.WaitGroup
	killer.Go(func() {
		for {
			select {
			case <-stopKilling:
				return
			case <-time.After(time.Duration(60+random.IntN(600)) * time.Millisecond):
				p.kill()
				p.start()
			}
		}
	})

	bought := buyAll(ctx, t, "http://"+addr, token, stripe, seed, func(done int) {
		if done == purchases {
			close(stopKilling)
			killer.Wait()
			struck(t, front, stripe, armed)
			front.ClearFaults()
			stripe.Disarm()
		}
	})
	buying := time.Since(began)
	r := rest(t, front, stripe, bought)
	p.kill()
	fmt.Printf("torture: %d purchases, %d kills, %s: charges=%d orders=%d duplicates=%d lost=%d stuck=%d\n",
		purchases, p.kills, buying.Round(time.Millisecond), r.charges, r.orders, r.duplicates, r.lost, r.stuck)
	if p.kills < 10 {
		t.Errorf("only %d kills: this was no torture", p.kills)
	}
	if r.duplicates != 0 || r.lost != 0 || r.stuck != 0 {
		t.Errorf("%s", strings.Join(r.detail, "\n"))
	}
	if r.charges != purchases || r.orders != purchases {
		t.Errorf("%d charges and %d orders for %d purchases that were all answered", r.charges, r.orders, purchases)
	}
}

// trouble makes shop and Stripe fail as real ones do: each fault of the shop once for sure, and then at random. It returns
// what Stripe was told to do.
func trouble(t *testing.T, front *shop.Shop, stripe *stripetest.Server) []stripetest.Fault {
	t.Helper()
	for i, f := range []shop.Fault{
		{Operation: string(shop.OrderPlace), Kind: shop.ErrorAfter, Percent: 10},
		{Operation: string(shop.OrderPlace), Kind: shop.CutAfter, Percent: 10},
		{Operation: string(shop.OrderPlace), Kind: shop.Late, Percent: 10, Delay: 150 * time.Millisecond},
		{Operation: string(shop.OrderPlace), Kind: shop.ErrorBefore, Percent: 5},
		{Operation: "cart.*", Kind: shop.CutAfter, Percent: 2},
		{Operation: string(shop.OrderGet), Kind: shop.ErrorBefore, Percent: 5}, // an order whose reply was lost is read
	} {
		sure, often := f, f
		sure.Percent, sure.Times, often.Times = 0, 1, shop.Forever
		if f.Operation == string(shop.OrderPlace) {
			sure.Skip = 4 * i
		}
		for _, f := range []shop.Fault{sure, often} {
			if err := front.Inject(f); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := range cutReplies {
		for _, op := range []stripetest.Op{stripetest.OpCreate, stripetest.OpCapture} {
			if err := stripe.Arm(stripetest.Fault{Op: op, Kind: stripetest.CutReply, Times: 1, Skip: 9 + i}); err != nil {
				t.Fatal(err)
			}
		}
	}
	return stripe.Armed()
}

// struck asserts that every kind of trouble came about: a torture without faults proves nothing. A fault that has struck for the last
// time is no longer listed.
func struck(t *testing.T, front *shop.Shop, stripe *stripetest.Server, armed []stripetest.Fault) {
	left := front.Faults()
	if len(left) == 0 {
		t.Error("nothing was planted in the shop")
	}
	for _, f := range left {
		if f.Percent == 0 {
			t.Errorf("the shop never did %s at %s", f.Kind, f.Operation)
		}
	}
	count := func(in []stripetest.Fault, op stripetest.Op) (n int) {
		for _, f := range in {
			if f.Op == op {
				n++
			}
		}
		return n
	}
	for _, op := range []stripetest.Op{stripetest.OpCreate, stripetest.OpCapture} {
		if count(stripe.Armed(), op) >= count(armed, op) {
			t.Errorf("Stripe never lost a reply to %s", op)
		}
	}
}

func build(t *testing.T, dir string) string {
	t.Helper()
	binary := filepath.Join(dir, "postern")
	if out, err := exec.Command("go", "build", "-o", binary, "../../cmd/postern").CombinedOutput(); err != nil {
		t.Fatalf("build the program: %v\n%s", err, out)
	}
	return binary
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return addr
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// tail shows the end of the program's log.
func tail(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Log(err)
		return
	}
	lines := strings.Split(string(b), "\n")
	t.Logf("the gateway's last words:\n%s", strings.Join(lines[max(0, len(lines)-60):], "\n"))
}

func configuration(addr, token, shopURL, shopKey, stripeURL, dir string) string {
	for name, text := range map[string]string{"shop.key": shopKey, "stripe.key": stripetest.SellerKey, "seal.key": strings.Repeat("5e", 32)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			panic(err)
		}
	}
	description, err := filepath.Abs("../../cmd/postern/demo/shop.yaml")
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(`
listen: %q
encryption_key: "${file:seal.key}"
store: {sqlite: postern.db}
shops:
  main:
    adapter: declarative
    settings:
      file: %q
      base_url: %q
      secrets: {shop_key: "${file:shop.key}"}
    currency: usd
    payment: {stripe: {secret_key: "${file:stripe.key}", merchant_id: %s, base_url: %q}}
    links: {terms_of_use: https://shop.example/terms, privacy_policy: https://shop.example/privacy}
limits: {requests_per_second: 100000, burst: 100000, completes_per_minute: 100000}
agents:
  - name: torturer
    keys: [{sha256: %q}]
    shops: [main]
`, addr, description, shopURL, stripetest.SellerProfile, stripeURL, agentkey.Hash(token))
}
