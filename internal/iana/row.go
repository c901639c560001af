// This file is one line of the table: a registration in twelve cells.

package iana

import (
	"strconv"
	"strings"

	"rtevent"
)

// NoPort is the port of a Row that is registered as a name only, for service discovery.
const NoPort = -1

// State says how a Row stands between the dates that the table was made from.
type State string

// The states.
const (
	Steady State = ""      // in the older source and in the newer
	New    State = "new"   // in the newer only: the older source's further cells are unknown
	Gone   State = "gone"  // in the older only: no longer registered
	Later  State = "later" // registered after the evidence in this program was gathered
)

// Row is one registration. Text is plain: no brackets, no mail addresses, no tabs or line breaks.
type Row struct {
	First, Last  int    // the ports, 0 to 65535; equal for a single one; NoPort without any
	Transports   string // a subset of "tusd": TCP, UDP, SCTP, DCCP; empty for some of the names without a port
	Name         string // empty for what is reserved
	Description  string
	Assignee     string
	Contact      string
	Registered   string // "2003-02" or "2015-07-14"
	Modified     string
	Reference    string // "RFC6335, RFC9110"
	State        State
	Unauthorized string
	Notes        string

	// Block is the ports "3706-3707" of the older text registry whose common remark Assignee and Registered were
	// taken from, because the row itself is blank; empty when they are the row's own.
	Block string
}

// letter is how a Row writes a transport; empty for what the registry does not know.
func letter(t rtevent.Transport) string {
	switch t {
	case rtevent.TCP, rtevent.UDP, rtevent.SCTP, rtevent.DCCP:
		return string(t[:1])
	}
	return ""
}

// transports are all that a Row can name, in the order in which it writes them.
var transports = [...]rtevent.Transport{rtevent.TCP, rtevent.UDP, rtevent.SCTP, rtevent.DCCP}

// on tells whether the Row is registered for the transport.
func (r Row) on(t rtevent.Transport) bool {
	l := letter(t)
	return l != "" && strings.Contains(r.Transports, l)
}

// alias tells whether the Row only repeats another name of the same port.
func (r Row) alias() bool {
	return strings.HasPrefix(r.Notes, "alias of ") || strings.HasPrefix(r.Notes, "duplicate of ")
}

// ports writes the first cell: "3706", "6000-6063", or nothing.
func (r Row) ports() string {
	switch {
	case r.First == NoPort:
		return ""
	case r.First == r.Last:
		return strconv.Itoa(r.First)
	}
	return strconv.Itoa(r.First) + "-" + strconv.Itoa(r.Last)
}

// String is the Row as a line of the table, without the line break. A cell that only repeats another is left out: the
// description that equals the name, the contact that equals the assignee ("=").
func (r Row) String() string {
	if r.Description == r.Name {
		r.Description = ""
	}
	if r.Contact == r.Assignee && r.Contact != "" {
		r.Contact = "="
	}
	if r.Block != "" {
		r.Assignee = "~" + r.Block + " " + r.Assignee
	}
	return strings.TrimRight(strings.Join([]string{r.ports(), r.Transports, r.Name, r.Description, r.Assignee, r.Contact,
		r.Registered, r.Modified, r.Reference, string(r.State), r.Unauthorized, r.Notes}, "\t"), "\t")
}

// parseRow reads a line of the table. It takes whatever it is given: a damaged line gives empty cells, never a panic.
func parseRow(line string) Row {
	var cells [12]string
	for i := range cells {
		cells[i], line, _ = strings.Cut(line, "\t")
	}
	r := Row{Transports: cells[1], Name: cells[2], Description: cells[3], Assignee: cells[4], Contact: cells[5],
		Registered: cells[6], Modified: cells[7], Reference: cells[8], State: State(cells[9]), Unauthorized: cells[10], Notes: cells[11]}
	r.First, r.Last = parsePorts(cells[0])
	if r.Description == "" {
		r.Description = r.Name
	}
	if block, ok := strings.CutPrefix(r.Assignee, "~"); ok {
		r.Block, r.Assignee, _ = strings.Cut(block, " ")
	}
	if r.Contact == "=" {
		r.Contact = r.Assignee
	}
	return r
}

// parsePorts reads "3706" or "6000-6063"; anything else is NoPort.
func parsePorts(s string) (first, last int) {
	low, high, ranged := strings.Cut(s, "-")
	a, err := strconv.ParseUint(low, 10, 16)
	if err != nil {
		return NoPort, NoPort
	}
	if !ranged {
		return int(a), int(a)
	}
	b, err := strconv.ParseUint(high, 10, 16)
	if err != nil || b < a {
		return NoPort, NoPort
	}
	return int(a), int(b)
}
