package protocol

import (
	"strings"

	"rtevent"
)

// checkmkAgent tells all it knows to whoever connects, and itself first.
var checkmkAgent = Def{
	Name:     "checkmk-agent",
	Ports:    []uint16{6556},
	Programs: []Program{{"check_mk_agent", "Checkmk agent"}, {"cmk-agent-ctl", "Checkmk agent"}},
	Greets:   true,
	Read: func(reply string) (rtevent.Finding, bool) {
		section, rest, ok := cutLine(reply)
		line, rest, told := cutLine(rest)
		version, says := strings.CutPrefix(line, "Version: ")
		if !ok || section != "<<<check_mk>>>" || !told || !says {
			return nothing()
		}
		f := strong("checkmk-agent", "section check_mk with a version", reply)
		f.Product, f.Version = "Checkmk agent", text(version)
		if system, _, ended := cutLine(rest); ended {
			system, _ = strings.CutPrefix(system, "AgentOS: ")
			f.Details = details("os", system)
		}
		return f, true
	},
}
