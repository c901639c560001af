package deliver

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"rtevent"
	"rtevent/internal/wire"
)

// Rights are what somebody may do: the filters of the topics.
type Rights struct {
	Name      string
	Subscribe []string
	Publish   []string
}

// everything is what loopback may when nothing else is said.
var everything = Rights{Name: "loopback", Subscribe: []string{">"}, Publish: []string{">"}}

// reserved are the topics that only the daemon itself publishes on.
var reserved = []string{"listener.>", "rtevent.>"}

// Access is who may what. The zero Access lets loopback do everything and nobody else anything.
//
// Its file has a line for each credential: a name, the credential, and the topics.
//
//	alice  sha256:9f86d0...  subscribe=listener.>,doors.*  publish=doors.lab
//	web1   cert:web1.example.org  subscribe=>
//	local  loopback  subscribe=>
//
// A token stands there as its SHA-256 alone: tokens are long and random, so that is enough. A certificate is known by its
// subject's common name or one of its alternative names. The line "loopback" takes the place of everything, which whoever
// connects from this host without a credential may otherwise do.
type Access struct {
	PlainOutside bool // the operator wants plain connections from outside treated as loopback's
	Certificates bool // client certificates are verified; without a file each of them may everything

	path       string
	now        atomic.Pointer[table]
	generation atomic.Uint64 // changes with every reading

	mu     sync.Mutex
	loaded os.FileInfo
}

// table is one reading of the file.
type table struct {
	tokens   map[[sha256.Size]byte]Rights
	certs    map[string]Rights
	loopback *Rights
}

// ReadAccess reads the file. Reload reads it again.
func ReadAccess(path string) (*Access, error) {
	a := &Access{path: path}
	_, err := a.Reload()
	return a, err
}

// Reload reads the file again if it was changed, and tells whether it was. When it cannot be read, what was read before
// stays.
func (a *Access) Reload() (bool, error) {
	if a.path == "" {
		return false, nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	info, err := os.Stat(a.path)
	if err != nil {
		return false, fmt.Errorf("read tokens: %w", err)
	}
	if a.loaded != nil && info.ModTime().Equal(a.loaded.ModTime()) && info.Size() == a.loaded.Size() && os.SameFile(info, a.loaded) {
		return false, nil
	}
	text, err := os.ReadFile(a.path)
	if err != nil {
		return false, fmt.Errorf("read tokens: %w", err)
	}
	t, err := parseAccess(text)
	if err != nil {
		return false, fmt.Errorf("read tokens %s %w", a.path, err)
	}
	a.loaded = info
	a.now.Store(t)
	a.generation.Add(1)
	return true, nil
}

// parseAccess reads the lines of the file. Its errors never show a credential.
func parseAccess(text []byte) (*table, error) {
	t := &table{tokens: map[[sha256.Size]byte]Rights{}, certs: map[string]Rights{}}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if err := t.add(fields); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	return t, lines.Err()
}

func (t *table) add(fields []string) error {
	if len(fields) < 3 {
		return fmt.Errorf("want NAME CREDENTIAL subscribe=TOPICS publish=TOPICS")
	}
	r := Rights{Name: fields[0]}
	for i, field := range fields[2:] {
		what, list, _ := strings.Cut(field, "=")
		topics := strings.Split(list, ",")
		for k, topic := range topics {
			if rtevent.CheckFilter(topic) != nil { // whose words would show what stands here, be it a credential
				return fmt.Errorf("word %d: topic %d is none: want dotted tokens, as in listener.>", i+3, k+1)
			}
		}
		switch what {
		case "subscribe":
			r.Subscribe = topics
		case "publish":
			r.Publish = topics
		default:
			return fmt.Errorf("word %d: want subscribe=TOPICS or publish=TOPICS", i+3)
		}
	}
	kind, value, _ := strings.Cut(fields[1], ":")
	switch kind {
	case "sha256":
		sum, err := hex.DecodeString(value)
		if err != nil || len(sum) != sha256.Size {
			return fmt.Errorf("want 64 hexadecimal digits behind \"sha256:\"")
		}
		t.tokens[[sha256.Size]byte(sum)] = r
	case "cert":
		t.certs[strings.ToLower(value)] = r
	case "loopback":
		t.loopback = &r
	default:
		return fmt.Errorf("want a credential: sha256:HASH, cert:NAME or loopback")
	}
	return nil
}

// Methods are how a client can say who it is, for the greeting.
func (a *Access) Methods(p peer) []string {
	var m []string
	if _, fault := a.Of(p); fault == nil {
		m = append(m, "none")
	}
	if t := a.now.Load(); t != nil && len(t.tokens) > 0 {
		m = append(m, "token")
	}
	if a.Certificates {
		m = append(m, "certificate")
	}
	return m
}

// Of is what a peer may by its token, its certificate or its address.
func (a *Access) Of(p peer) (Rights, *wire.Error) {
	t := a.now.Load()
	if t == nil {
		t = &table{}
	}
	if p.token != "" {
		return t.byToken(p.token)
	}
	if p.cert != nil {
		return a.byCertificate(t, p.cert)
	}
	if p.local || p.plain && a.PlainOutside {
		switch {
		case t.loopback != nil:
			return *t.loopback, nil
		case p.local || a.path == "":
			return everything, nil
		}
	}
	return Rights{}, wire.Errorf(wire.Unauthenticated, "say who you are: a token or a client certificate")
}

// byToken compares with every token that there is, so that the time tells nothing.
func (t *table) byToken(token string) (Rights, *wire.Error) {
	sum := sha256.Sum256([]byte(token))
	var found Rights
	var known int
	for have, r := range t.tokens {
		if subtle.ConstantTimeCompare(have[:], sum[:]) == 1 {
			found, known = r, 1
		}
	}
	if known == 0 {
		return Rights{}, wire.Errorf(wire.Unauthenticated, "the token is not known")
	}
	return found, nil
}

func (a *Access) byCertificate(t *table, c *x509.Certificate) (Rights, *wire.Error) {
	names := slices.Concat([]string{c.Subject.CommonName}, c.DNSNames, c.EmailAddresses)
	for _, u := range c.URIs {
		names = append(names, u.String())
	}
	if time.Now().After(c.NotAfter) {
		return Rights{}, wire.Errorf(wire.Unauthenticated, "the client certificate expired at %s", c.NotAfter.UTC().Format(time.RFC3339))
	}
	if a.path == "" {
		return Rights{Name: "certificate " + names[0], Subscribe: everything.Subscribe, Publish: everything.Publish}, nil
	}
	for _, name := range names {
		if r, known := t.certs[strings.ToLower(name)]; known {
			return r, nil
		}
	}
	return Rights{}, wire.Errorf(wire.Forbidden, "the client certificate has no line in the file of tokens")
}

// MayPublish says why somebody may not publish on a topic.
func (r Rights) MayPublish(topic string) *wire.Error {
	for _, f := range reserved {
		if rtevent.MatchTopic(f, topic) {
			return wire.Errorf(wire.Forbidden, "the topics %s are the server's own", strings.Join(reserved, " and "))
		}
	}
	for _, f := range r.Publish {
		if rtevent.MatchTopic(f, topic) {
			return nil
		}
	}
	return wire.Errorf(wire.Forbidden, "%s may not publish on %s, only on: %s", r.Name, topic, list(r.Publish))
}

// MaySubscribe says why somebody may not subscribe to the filters. Each must lie wholly within what is allowed, so that
// nobody who is sent less than was asked for believes to see all.
func (r Rights) MaySubscribe(filters []string) *wire.Error {
	for _, f := range filters {
		if !slices.ContainsFunc(r.Subscribe, func(allowed string) bool { return covers(allowed, f) }) {
			return wire.Errorf(wire.Forbidden, "%s may not subscribe to %s, only to: %s", r.Name, f, list(r.Subscribe))
		}
	}
	return nil
}

func list(filters []string) string {
	if len(filters) == 0 {
		return "nothing"
	}
	return strings.Join(filters, " ")
}

// covers tells whether every topic that the second filter takes is taken by the first.
func covers(wide, narrow string) bool {
	for {
		w, moreW, _ := strings.Cut(wide, ".")
		n, moreN, _ := strings.Cut(narrow, ".")
		switch {
		case w == ">":
			return true
		case n == ">", w != "*" && w != n:
			return false
		case moreW == "" || moreN == "":
			return moreW == moreN
		}
		wide, narrow = moreW, moreN
	}
}
