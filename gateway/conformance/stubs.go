package conformance

const discoveryPath = "/.well-known/acp.json"

func securityStatements() []Statement    { return nil }
func discountStatements() []Statement    { return nil }
func capabilityStatements() []Statement  { return nil }
func paymentStatements() []Statement     { return nil }
func secureStatements() []Statement      { return nil }
func sideStatements() []Statement        { return nil }
func cartStatements() []Statement        { return nil }
func mcpStatements() []Statement         { return nil }
func webhookStatements() []Statement     { return nil }
func orderStatements() []Statement       { return nil }
func discoveryStatements() []Statement   { return nil }
func authenticationHasMetadata(t *trial) { t.skipf("x") }
