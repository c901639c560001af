// Package conform holds any implementation of rt-event/1 against its specification: it says what a vector says, and
// compares what comes back. It shares no code with our own server and client, so that it cannot share their mistakes.
package conform

import (
	"bufio"
	"embed"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"
)

//go:embed vectors/*.txt
var vectorFiles embed.FS

// Side is an end of a conversation.
type Side byte

// The sides.
const (
	Client Side = 'C'
	Server Side = 'S'
)

func (s Side) String() string {
	if s == Client {
		return "client"
	}
	return "server"
}

// Vector is one conversation to hold: what each side says, and which statements of the specification that shows.
type Vector struct {
	Name   string
	Title  string
	Tests  Side     // who is held
	Needs  []string // what the one who is held must offer: "http", "websocket", "tls", "publish"
	Start  string   // of a client: how its user starts it
	Blocks []Block
}

// Block is a stretch of a conversation that shows its statements when every step of it went as written.
type Block struct {
	Holds []string // "RTE-5.3-1"
	What  string
	Steps []Step
}

// Step is one line of a vector: somebody says or does something.
type Step struct {
	Line int
	By   Side // 0 for steps that nobody says: wait, let, delivered
	Conn int  // which connection, from 1
	Do   string
	Text string // what is said, or the pattern of what must be said
}

// The steps, by what stands between the connection and the text.
const (
	doSay     = ""        // a line
	doBytes   = "bytes"   // octets, as a Go string
	doConnect = "connect" // a bare connection: nothing is said or awaited by itself
	doTLS     = "tls"     // a connection in TLS; the text is the ALPN to offer, or "none"
	doRefused = "refused" // such a connection in TLS is refused
	doWS      = "ws"      // a WebSocket at this path
	doRequest = "request" // a request of HTTP: "GET /path"
	doHead    = "head"    // its header field, or that of its answer: "NAME: value"
	doBody    = "body"    // its body
	doStatus  = "status"  // the status of the answer
	doEvent   = "sse"     // the next event of an SSE stream, as {"event","id","data"}
	doUntil   = "until"   // the next line that fits, whatever comes before
	doSilent  = "silent"  // nothing for so long
	doNone    = "none"    // this connection is not opened for so long
	doEnd     = "end"     // the end of the stream
	doClose   = "close"   // the end of the connection
	doWait    = "wait"    // so long
	doLet     = "let"     // a variable
	doGot     = "delivered"
)

var actions = []string{doBytes, doConnect, doTLS, doRefused, doWS, doRequest, doHead, doBody, doStatus, doEvent, doUntil, doSilent, doNone, doEnd, doClose}

// Vectors are those that come with rtevent, for one side, in the order of their names.
func Vectors(tests Side) ([]*Vector, error) {
	entries, err := vectorFiles.ReadDir("vectors")
	if err != nil {
		return nil, err
	}
	var all []*Vector
	for _, e := range entries {
		f, err := vectorFiles.Open(path.Join("vectors", e.Name()))
		if err != nil {
			return nil, err
		}
		v, err := Parse(strings.TrimSuffix(e.Name(), ".txt"), f)
		f.Close()
		if err != nil {
			return nil, err
		}
		if v.Tests == tests {
			all = append(all, v)
		}
	}
	return all, nil
}

// Parse reads the text of a vector.
func Parse(name string, r io.Reader) (*Vector, error) {
	v := &Vector{Name: name, Tests: Server}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		if err := v.add(n, lines.Text()); err != nil {
			return nil, fmt.Errorf("read vector %s line %d: %w", name, n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read vector %s: %w", name, err)
	}
	if len(v.Blocks) == 0 || v.Title == "" {
		return nil, fmt.Errorf("read vector %s: it has no title or holds nothing", name)
	}
	return v, nil
}

var (
	headLine = regexp.MustCompile(`^(title|tests|needs|start): (.+)$`)
	saidLine = regexp.MustCompile(`^([CS])([1-9])(?: ([a-z]+))?(?:: ?| |$)(.*)$`)
	idForm   = regexp.MustCompile(`^RTE-[0-9]+(\.[0-9]+)?-[0-9]+$`)
)

func (v *Vector) add(n int, line string) error {
	if trimmed := strings.TrimSpace(line); trimmed == "" || strings.HasPrefix(trimmed, "#") {
		return nil
	}
	if rest, ok := strings.CutPrefix(line, "= "); ok {
		return v.open(rest)
	}
	if head := headLine.FindStringSubmatch(line); head != nil && len(v.Blocks) == 0 {
		return v.head(head[1], head[2])
	}
	if len(v.Blocks) == 0 {
		return fmt.Errorf("%q stands before the first statement", line)
	}
	step, err := parseStep(line)
	if err != nil {
		return err
	}
	step.Line = n
	last := &v.Blocks[len(v.Blocks)-1]
	last.Steps = append(last.Steps, step)
	return nil
}

func (v *Vector) head(name, value string) error {
	switch name {
	case "title":
		v.Title = value
	case "start":
		v.Start = value
	case "needs":
		v.Needs = strings.Fields(value)
	case "tests":
		switch value {
		case "server":
			v.Tests = Server
		case "client":
			v.Tests = Client
		default:
			return fmt.Errorf("tests %q: want server or client", value)
		}
	}
	return nil
}

// open begins a block: "= RTE-4.1-2 RTE-4.1-3 what it shows". A block without statements prepares the next.
func (v *Vector) open(rest string) error {
	words := strings.Fields(rest)
	n := 0
	for n < len(words) && idForm.MatchString(words[n]) {
		n++
	}
	if n < len(words) && strings.HasPrefix(words[n], "RTE-") {
		return fmt.Errorf("%q is no number of a statement", words[n])
	}
	v.Blocks = append(v.Blocks, Block{Holds: words[:n], What: strings.Join(words[n:], " ")})
	return nil
}

func parseStep(line string) (Step, error) {
	if said := saidLine.FindStringSubmatch(line); said != nil {
		if said[3] != "" && !slices.Contains(actions, said[3]) {
			return Step{}, fmt.Errorf("%q: no step is called %s", line, said[3])
		}
		return Step{By: Side(said[1][0]), Conn: int(said[2][0] - '0'), Do: said[3], Text: said[4]}, nil
	}
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case doWait, doLet, doGot:
		return Step{Do: word, Text: rest}, nil
	}
	return Step{}, fmt.Errorf("%q is no step", line)
}
