package protocol

import (
	"strings"

	"rtevent"
)

// irc is joined as clients do (RFC 2812, section 3.1). The numeric reply 004 tells what runs, before any channel is
// entered.
var irc = Def{
	Name:         "irc",
	Claims:       []string{"ircd", "ircu"},
	SecureClaims: []string{"ircs", "ircs-u"},
	Ports:        []uint16{6667, 194, 6660, 6661, 6662, 6663, 6664, 6665, 6666, 6668, 6669},
	SecurePorts:  []uint16{6697, 994},
	Programs: []Program{
		{"ngircd", "ngIRCd"}, {"inspircd", "InspIRCd"}, {"unrealircd", "UnrealIRCd"}, {"ircd-hybrid", "ircd-hybrid"},
		{"charybdis", "Charybdis"}, {"solanum", "Solanum"}, {"ergo", "Ergo"}, {"ircd", ""}, {"bitlbee", "BitlBee"},
	},
	Hello:   "NICK rtevent\r\nUSER rtevent 0 * :rtevent\r\n",
	Bye:     "QUIT\r\n",
	Manners: "aawww",
	Read: func(reply string) (rtevent.Finding, bool) {
		first, _, whole := cutLine(reply)
		m, ok := ircMessage(first)
		if !whole || !ok || !m.serves() {
			return nothing()
		}
		f := strong("irc", "a message of a server", first)
		for line := range strings.Lines(reply) {
			if m, ok := ircMessage(strings.TrimRight(line, "\r\n")); ok && m.command == "004" && len(m.params) >= 4 && hasLine(line) {
				f.Product, f.Version = ircServer(m.params[2])
				f.Evidence[0].Saw = Saw(line)
				break
			}
		}
		return f, true
	},
}

// An ircLine is a message: its command and parameters, and whether a server's name stands before them.
type ircLine struct {
	server  bool
	command string
	params  []string
}

// ircMessage reads one message without its line break.
func ircMessage(line string) (m ircLine, ok bool) {
	head, trailing, has := strings.Cut(" "+line, " :")
	if strings.HasPrefix(line, ":") {
		head, trailing, has = strings.Cut(line[1:], " :")
		prefix, _, _ := strings.Cut(head, " ")
		m.server = isDomain(prefix)
		head = strings.TrimPrefix(head, prefix)
	}
	fields := strings.Fields(head)
	if len(fields) == 0 || len(line) > 1024 || !allOf(fields[0], isUpperOrDigit) {
		return m, false
	}
	m.command, m.params = fields[0], fields[1:]
	if has {
		m.params = append(m.params, trailing)
	}
	return m, true
}

func isUpperOrDigit(c byte) bool { return 'A' <= c && c <= 'Z' || isDigit(c) }

// serves tells what only a server says: a numeric reply, or a notice to those who are not registered yet.
func (m ircLine) serves() bool {
	numeric := len(m.command) == 3 && allOf(m.command, isDigit)
	last := ""
	if n := len(m.params); n > 1 {
		last = m.params[n-1]
	}
	switch {
	case m.server && numeric:
		return last != ""
	case m.command == "NOTICE":
		return strings.HasPrefix(last, "*** ") && (m.server || m.params[0] == "AUTH" || m.params[0] == "*")
	default:
		return m.server && m.command == "PING"
	}
}

// ircServer splits what 004 gives as the server's version: "ngircd-26.1", "InspIRCd-3", "u2.10.12.19", "UnrealIRCd-6.1.4".
func ircServer(version string) (product, number string) {
	product, number = nameVersion(version, "-")
	for _, p := range []string{"ngIRCd", "InspIRCd", "UnrealIRCd", "ircd-hybrid", "Charybdis", "Solanum", "Ergo", "BitlBee"} {
		if strings.EqualFold(p, product) {
			product = p
		}
	}
	number, _, _ = strings.Cut(number, "(")
	return text(product), text(number)
}
