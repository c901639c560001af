package protocol

import (
	"strings"

	"rtevent"
)

// statsd takes its measurements without a word; its management port tells, and is asked for its commands.
var statsd = Def{
	Name:     "statsd",
	Ports:    []uint16{8126},
	Programs: []Program{{"statsd", "StatsD"}, {"gostatsd", "gostatsd"}},
	Hello:    "help\n",
	Bye:      "quit\n",
	Read: func(reply string) (rtevent.Finding, bool) {
		line, rest, ok := cutLine(reply)
		commands, says := strings.CutPrefix(line, "Commands: stats, counters, timers, ")
		if !ok || !says || !strings.HasSuffix(commands, "quit") || strings.TrimLeft(rest, "\r\n") != "" {
			return nothing()
		}
		return strong("statsd", "the commands of StatsD's management", reply), true
	},
}
