// Package shopclient makes one HTTP round trip to a shop, and says honestly what became of it.
//
// Start with [Client.Do]. It sends a request once and only once, reads a bounded answer, decodes JSON strictly and turns everything
// that can go wrong into a *[commerce.Fault]: a call that surely never left is Temporary, a write whose answer did not arrive whole is
// Indeterminate, a read that failed is Temporary. [Response.Fault] does the same for a status.
//
// Nothing here retries, follows redirects, keeps cookies or caches. Errors name the method, the path template and the status; they
// never hold header values, bodies, or paths and queries with values filled in, because those carry secrets and buyers' data.
//
// The package imports commerce and go-json-experiment/json.
package shopclient
