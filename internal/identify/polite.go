// Politeness: whom not to ask, and why.

package identify

import (
	"slices"
	"strconv"
	"strings"

	"rtevent"
)

// reserve is a run of ports where a question may do harm to whoever is usual there.
type reserve struct {
	transport   rtevent.Transport
	first, last uint16
	why         string
	usual       []string // only these programs are meant, where the program can be seen; nil: all
	except      []string // programs that are known to use the port for something else
}

const (
	printer    = "printers print whatever they are sent"
	queue      = "a print queue takes jobs from whoever speaks"
	debugger   = "a debugger serves one client, and takes the first"
	industrial = "controllers of machines may act on what they do not expect, or stop"
)

// reserves are the ports that nobody is asked on, unless the owner is known to be somebody else or the user insists.
var reserves = []reserve{
	{rtevent.TCP, 9100, 9107, printer, nil, []string{"exporter", "bacula", "bareos"}}, // raw printing: every byte is the job
	{rtevent.TCP, 515, 515, queue, nil, nil},                                          // LPD

	{rtevent.TCP, 5005, 5005, debugger, []string{"java"}, nil},             // Java debug wire protocol
	{rtevent.TCP, 5678, 5678, debugger, []string{"python"}, nil},           // debugpy
	{rtevent.TCP, 2345, 2345, debugger, []string{"dlv", "gdbserver"}, nil}, // Delve
	{rtevent.TCP, 2159, 2159, debugger, []string{"gdbserver"}, nil},        // gdb remote

	{rtevent.TCP, 102, 102, industrial, nil, nil},     // ISO-TSAP: Siemens S7
	{rtevent.TCP, 502, 502, industrial, nil, nil},     // Modbus
	{rtevent.TCP, 789, 789, industrial, nil, nil},     // Red Lion Crimson
	{rtevent.TCP, 1089, 1091, industrial, nil, nil},   // Foundation Fieldbus HSE
	{rtevent.TCP, 1911, 1911, industrial, nil, nil},   // Niagara Fox
	{rtevent.TCP, 1962, 1962, industrial, nil, nil},   // PCWorx
	{rtevent.UDP, 2222, 2222, industrial, nil, nil},   // EtherNet/IP implicit messages
	{rtevent.TCP, 2404, 2404, industrial, nil, nil},   // IEC 60870-5-104
	{rtevent.TCP, 4840, 4840, industrial, nil, nil},   // OPC UA
	{rtevent.TCP, 4911, 4911, industrial, nil, nil},   // Niagara Fox over TLS
	{rtevent.TCP, 5006, 5007, industrial, nil, nil},   // MELSEC-Q
	{rtevent.TCP, 9600, 9600, industrial, nil, nil},   // Omron FINS
	{rtevent.UDP, 9600, 9600, industrial, nil, nil},   //
	{rtevent.TCP, 18245, 18246, industrial, nil, nil}, // GE SRTP
	{rtevent.TCP, 20000, 20000, industrial, nil, nil}, // DNP3
	{rtevent.TCP, 20547, 20547, industrial, nil, nil}, // ProConOS
	{rtevent.TCP, 34962, 34964, industrial, nil, nil}, // PROFINET
	{rtevent.UDP, 34962, 34964, industrial, nil, nil}, //
	{rtevent.UDP, 34980, 34980, industrial, nil, nil}, // EtherCAT
	{rtevent.TCP, 44818, 44818, industrial, nil, nil}, // EtherNet/IP
	{rtevent.UDP, 44818, 44818, industrial, nil, nil}, //
	{rtevent.UDP, 47808, 47808, industrial, nil, nil}, // BACnet
	{rtevent.TCP, 55000, 55003, industrial, nil, nil}, // FL-net
}

// debuggers are the programs whose only port is the one that a debugger attaches to.
var debuggers = []string{"gdbserver", "lldb-server", "debugserver", "dlv", "rr", "msvsmon"}

// debugMarks are what the command line of a program under a debugger shows, with the port after it.
var debugMarks = []string{"jdwp", "debugpy", "pydevd", "ptvsd"}

// decline is the reason not to ask; empty if there is none.
func decline(l rtevent.Listener, hints []hint) string {
	if l.LikelyClient {
		return "probably the near end of a client's own conversation"
	}
	if unit := wouldStart(l.Holders); unit != "" {
		return "asking would start " + clean(unit, longText)
	}
	for _, o := range l.Holders {
		if debugs(o, l.Port) {
			return debugger
		}
	}
	if len(hints) > 0 && hints[0].owner {
		return "" // it is somebody else
	}
	for _, r := range reserves {
		if r.transport == l.Transport && r.first <= l.Port && l.Port <= r.last && r.holds(l.Holders) {
			return r.why
		}
	}
	return ""
}

// holds tells whether nothing that is known of the holders lifts the reserve.
func (r reserve) holds(holders []rtevent.Owner) bool {
	for _, o := range holders {
		program := strings.ToLower(base(o.Exe))
		among := func(names []string) bool {
			return slices.ContainsFunc(names, func(name string) bool { return strings.Contains(program, name) })
		}
		if among(r.except) || program != "" && r.usual != nil && !among(r.usual) {
			return false
		}
	}
	return true
}

// wouldStart is what a connection would start: somebody holds the socket for it, and nobody who runs does.
func wouldStart(holders []rtevent.Owner) string {
	unit := ""
	for _, o := range holders {
		if o.Activates == "" {
			return ""
		}
		unit = o.Activates
	}
	return unit
}

// debugs tells a holder to which a debugger may attach on this port.
func debugs(o rtevent.Owner, port uint16) bool {
	for _, name := range []string{base(o.Exe), o.Name} {
		if slices.Contains(debuggers, strings.TrimSuffix(strings.ToLower(name), ".exe")) {
			return true
		}
	}
	for i, arg := range o.Cmdline {
		for _, mark := range debugMarks {
			// The port stands in the same argument ("-agentlib:jdwp=...") or in one of the next ("debugpy --listen 5678").
			rest := o.Cmdline[i:min(i+3, len(o.Cmdline))]
			if strings.HasPrefix(arg, "-") && strings.Contains(arg, "=") {
				rest = rest[:1]
			}
			if strings.Contains(arg, mark) && hasNumber(strings.Join(rest, " "), strconv.Itoa(int(port))) {
				return true
			}
		}
	}
	return false
}

// hasNumber tells whether a text holds this number and not only as part of a longer one.
func hasNumber(text, number string) bool {
	return slices.Contains(strings.FieldsFunc(text, func(r rune) bool { return r < '0' || r > '9' }), number)
}
