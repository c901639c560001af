package protocol

import (
	"strings"

	"rtevent"
)

// beanstalkd is asked for its statistics, which are YAML with its version in it.
var beanstalkd = Def{
	Name:     "beanstalkd",
	Ports:    []uint16{11300},
	Programs: []Program{{"beanstalkd", "beanstalkd"}},
	Hello:    "stats\r\n",
	Bye:      "quit\r\n",
	Manners:  "aawww",
	Read: func(reply string) (rtevent.Finding, bool) {
		if strings.HasPrefix(reply, "UNKNOWN_COMMAND\r\nUNKNOWN_COMMAND\r\n") {
			return weak("beanstalkd", "does not know the commands, in words of its own", reply), true
		}
		line, rest, ok := cutLine(reply)
		length, says := strings.CutPrefix(line, "OK ")
		n, isNumber := number(length)
		if !ok || !says || !isNumber || n > len(rest) || !strings.HasPrefix(rest, "---\ncurrent-jobs-urgent:") {
			return nothing()
		}
		f := strong("beanstalkd", "statistics of beanstalkd", reply)
		f.Product = "beanstalkd"
		_, version, _ := strings.Cut(rest[:n], "\nversion: ")
		version, _, _ = cutLine(version)
		f.Version = text(strings.Trim(version, `"`))
		return f, true
	},
}
