package rtevent

import "time"

// Behaviour is how an endpoint treats whoever connects, whether or not its protocol is known.
type Behaviour string

// The behaviours.
const (
	Answers           Behaviour = "answers"
	Silent            Behaviour = "silent"             // accepts, never answers
	Closes            Behaviour = "closes"             // closes before anything is said
	ClosesOnData      Behaviour = "closes-on-data"     // waits, and closes on the first bytes
	Streams           Behaviour = "streams"            // talks without end and does not listen
	AnswersEverything Behaviour = "answers-everything" // the same answer, whatever is said
	Refuses           Behaviour = "refuses"            // nobody accepted the connection
)

// Confidence is how sure a Finding is.
type Confidence string

// The confidences. Strong is a framed parse or two independent signals; Weak, one unframed signal.
const (
	Strong Confidence = "strong"
	Weak   Confidence = "weak"
	None   Confidence = "none"
)

// Finding is what an endpoint really speaks, as far as asking it told.
type Finding struct {
	// Protocol is the IANA name where one exists (http, ssh, domain...), never "tls" when the inside is known;
	// empty when unknown. A Finding with Protocol "tls" has an inside that nobody recognised.
	Protocol string `json:"protocol,omitempty"`
	Product  string `json:"product,omitempty"`
	Version  string `json:"version,omitempty"`

	// ProductFrom is "owner" when the endpoint itself did not name its product and the program that holds it did.
	// VersionFrom is where Version comes from when the endpoint did not say: "package" or "build" of the owner.
	ProductFrom string `json:"product_from,omitempty"`
	VersionFrom string `json:"version_from,omitempty"`

	// Details are further facts that the endpoint told, by name: "auth" -> "required", "title" -> "Index of /".
	Details map[string]string `json:"details,omitempty"`

	TLS        *TLS       `json:"tls,omitempty"`
	StartTLS   *TLS       `json:"starttls,omitempty"` // what the handshake told that began in the middle of a conversation
	Behaviour  Behaviour  `json:"behaviour,omitempty"`
	Confidence Confidence `json:"confidence"`
	Evidence   []Evidence `json:"evidence,omitempty"`

	// Tried names the ways in which the endpoint was asked, in order: "wait", "tls", "http"...
	Tried []string `json:"tried,omitempty"`

	// NotAsked says why nobody was asked: "--no-probe", "asking would start cups.service".
	NotAsked string `json:"not_asked,omitempty"`

	CPE         string `json:"cpe,omitempty"`
	Connections int    `json:"connections,omitempty"`
	TookMS      int64  `json:"took_ms,omitempty"`
}

// Known tells whether the protocol was named.
func (f *Finding) Known() bool { return f != nil && f.Protocol != "" }

// Evidence is one exchange that a Finding rests on.
type Evidence struct {
	Asked string `json:"asked"` // the way: "wait", "redis", "tls http"
	Sent  string `json:"sent,omitempty"`
	Saw   string `json:"saw,omitempty"` // the telling bytes, escaped as in a Go string, cut at 160 characters
	Says  string `json:"says,omitempty"`
}

// TLS is what the handshake told.
type TLS struct {
	Version   string    `json:"version"` // "1.3"
	ALPN      string    `json:"alpn,omitempty"`
	Subject   string    `json:"subject,omitempty"`
	Issuer    string    `json:"issuer,omitempty"`
	Names     []string  `json:"names,omitempty"`
	NotBefore time.Time `json:"not_before,omitzero"`
	NotAfter  time.Time `json:"not_after,omitzero"`

	// SHA256 is the fingerprint of the leaf certificate, in lower-case hexadecimal.
	SHA256 string `json:"sha256,omitempty"`

	// ClientCert says that the server asks its clients for a certificate.
	ClientCert bool `json:"client_cert,omitempty"`
}
