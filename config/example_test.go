package config_test

import (
	"fmt"

	"github.com/postern-gateway/postern/config"
)

// A file with three mistakes gives three problems, each with its place and what to do.
func ExampleParse() {
	_, err := config.Parse([]byte(`listen: ":8080"
encryption_key: "${env:POSTERN_KEY}"
store: {sqlite: postern.db}
shops:
  main:
    adaptor: declarative
    adapter: declarative
    currency: usd
    payment: {stripe: {secret_key: "${env:STRIPE_SECRET_KEY}", merchant_id: profile_1}}
agents:
  - name: one
    keys: [{sha256: 5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8}]
    shops: [mian]
`), testOptions())
	for _, p := range config.ProblemsOf(err) {
		fmt.Println(p)
	}
	// Output:
	// 1:9: listen: plain HTTP off loopback would show tokens to the network; set tls, or trusted_proxies if a proxy ends TLS, or listen on 127.0.0.1
	// 6:5: shops.main.adaptor: unknown key; did you mean "adapter"?
	// 13:13: agents[0].shops[0]: there is no shop "mian"; did you mean "main"?
}

// An adapter decodes its own settings, and what it finds wrong keeps its line.
func ExampleSection_Decode() {
	settings, err := config.ParseSection("shop.yaml", []byte("url: https://shop.example\nregion: mars\n"), config.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	var s struct {
		URL    string `yaml:"url,required"`
		Region string `yaml:"region"`
	}
	if err := settings.Decode(&s); err != nil {
		fmt.Println(err)
		return
	}
	if s.Region != "eu" {
		fmt.Println(settings.Problem("region", "%q is not served; choose eu", s.Region))
	}
	// Output: shop.yaml:2:9: region: "mars" is not served; choose eu
}
