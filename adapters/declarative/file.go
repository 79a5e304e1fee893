package declarative

import (
	"time"

	"github.com/postern-gateway/postern/config"
)

// version is the language that this package reads.
const version = "declarative/v1"

// settings are what gateway.yaml says of a shop whose description stands in a file of its own. They go over what the file says, so
// that one description serves staging and production.
type settings struct {
	File     string                   `yaml:"file,required"`
	BaseURL  string                   `yaml:"base_url"`
	Currency string                   `yaml:"currency"`
	Values   map[string]any           `yaml:"values"`
	Secrets  map[string]config.Secret `yaml:"secrets"`
}

// description is a shop as YAML tells it. Text that holds a jq expression is compiled in load.go.
type description struct {
	Adapter     string                   `yaml:"adapter,required"`
	BaseURL     string                   `yaml:"base_url"`
	Hosts       []string                 `yaml:"hosts"`
	Facts       factsPart                `yaml:"facts"`
	Money       moneyPart                `yaml:"money"`
	Timeouts    timeoutsPart             `yaml:"timeouts"`
	MaxResponse int64                    `yaml:"max_response"`
	Needs       needsPart                `yaml:"needs"`
	Values      map[string]any           `yaml:"values"`
	Secrets     map[string]config.Secret `yaml:"secrets"`
	Auth        map[string]authPart      `yaml:"auth"`
	Headers     map[string]any           `yaml:"headers"`
	Keep        map[string]string        `yaml:"keep"`
	Functions   string                   `yaml:"functions"`
	Errors      []rulePart               `yaml:"errors"`
	ContinueURL *continuePart            `yaml:"continue_url"`
	Operations  operationsPart           `yaml:"operations"`
}

// needsPart names what a shop's settings must bring, because it differs from shop to shop.
type needsPart struct {
	Values  []string `yaml:"values"`
	Secrets []string `yaml:"secrets"`
}

type factsPart struct {
	Currency      string        `yaml:"currency"`
	Rounding      string        `yaml:"rounding"`
	MaxProcessing time.Duration `yaml:"max_processing"`
	CommitsOn     string        `yaml:"commits_on"`
	Split         bool          `yaml:"split"`
	Codes         *bool         `yaml:"codes"` // absent: whether quote reads any
}

// continuePart is where a buyer goes on by themselves.
type continuePart struct {
	Base    string         `yaml:"base"`     // an expression; absent: base_url
	Cart    string         `yaml:"cart"`     // path for a cart that the shop has
	NewCart string         `yaml:"new_cart"` // path where it has none yet
	Query   map[string]any `yaml:"query"`    // of both
}

type moneyPart struct {
	Form     string   `yaml:"form"`
	Exponent any      `yaml:"exponent"` // iso or a number of digits
	Tax      string   `yaml:"tax"`
	Fields   []string `yaml:"fields"`
}

type timeoutsPart struct {
	Call       time.Duration `yaml:"call"`
	Expression time.Duration `yaml:"expression"`
}

type authPart struct {
	Type     string                    `yaml:"type,required"`
	Username config.Section            `yaml:"username"`
	Password config.Section            `yaml:"password"`
	Token    config.Section            `yaml:"token"`
	Header   string                    `yaml:"header"`
	Prefix   string                    `yaml:"prefix"`
	Value    config.Section            `yaml:"value"`
	Headers  map[string]any            `yaml:"headers"`
	Login    *loginPart                `yaml:"login"`
	Secrets  map[string]config.Section `yaml:"secret_headers"`
}

type loginPart struct {
	Post      string                    `yaml:"post,required"`
	Body      map[string]config.Section `yaml:"body"`
	Token     string                    `yaml:"token,required"`
	ExpiresIn string                    `yaml:"expires_in"`
	Lifetime  time.Duration             `yaml:"lifetime"`
}

type operationsPart struct {
	Quote         *operationPart `yaml:"quote"`
	PlaceOrder    *placePart     `yaml:"place_order"`
	FindOrder     *findPart      `yaml:"find_order"`
	GetOrder      *operationPart `yaml:"get_order"`
	RecordPayment *operationPart `yaml:"record_payment"`
	CancelOrder   *operationPart `yaml:"cancel_order"`
	Changes       *changesPart   `yaml:"changes"`
	Item          *operationPart `yaml:"item"`
	ReleaseCart   *operationPart `yaml:"release_cart"`
	RecordRefund  *operationPart `yaml:"record_refund"`
	RecordConsent *operationPart `yaml:"record_consent"`
	Check         *operationPart `yaml:"check"`
}

type operationPart struct {
	Steps  []stepPart `yaml:"steps"`
	Errors []rulePart `yaml:"errors"`
	Result string     `yaml:"result"`
}

type placePart struct {
	Idempotency idempotencyPart `yaml:"idempotency"`
	Steps       []stepPart      `yaml:"steps"`
	Errors      []rulePart      `yaml:"errors"`
	Result      string          `yaml:"result"`
}

type idempotencyPart struct {
	Mode   string `yaml:"mode"`
	Header string `yaml:"header"`
	Key    string `yaml:"key"`
}

type findPart struct {
	Exact  bool       `yaml:"exact"`
	Steps  []stepPart `yaml:"steps"`
	Errors []rulePart `yaml:"errors"`
	Result string     `yaml:"result"`
}

type changesPart struct {
	Format   string        `yaml:"format"`
	Overlap  time.Duration `yaml:"overlap"`
	LookBack time.Duration `yaml:"look_back"`
	Steps    []stepPart    `yaml:"steps"`
	Errors   []rulePart    `yaml:"errors"`
	Result   string        `yaml:"result"`
}

type stepPart struct {
	ID      string            `yaml:"id"`
	When    string            `yaml:"when"`
	ForEach string            `yaml:"for_each"`
	Max     int               `yaml:"max"`
	Set     map[string]string `yaml:"set"`
	Get     string            `yaml:"get"`
	Post    string            `yaml:"post"`
	Put     string            `yaml:"put"`
	Patch   string            `yaml:"patch"`
	Delete  string            `yaml:"delete"`
	Auth    string            `yaml:"auth"`
	Query   map[string]any    `yaml:"query"`
	Headers map[string]any    `yaml:"headers"`
	Body    string            `yaml:"body"`
	Safe    bool              `yaml:"safe"`
	Expect  []int             `yaml:"expect"`
	Extract map[string]string `yaml:"extract"`
	OnError []rulePart        `yaml:"on_error"`
}

type rulePart struct {
	Status    any    `yaml:"status"` // a number or a list of numbers; absent: any
	When      string `yaml:"when"`
	As        string `yaml:"as,required"`
	Continue  bool   `yaml:"continue"`
	Message   string `yaml:"message"`
	Code      string `yaml:"code"`
	Param     string `yaml:"param"`
	Line      string `yaml:"line"`
	Item      string `yaml:"item"`
	Available string `yaml:"available"`
	Coupon    string `yaml:"coupon"`
	Reason    string `yaml:"reason"`
	After     string `yaml:"after"`
}
