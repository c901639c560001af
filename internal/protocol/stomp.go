package protocol

import (
	"strings"

	"rtevent"
)

// stomp is joined as by a client without a name (STOMP 1.2, https://stomp.github.io/stomp-specification-1.2.html). A broker
// that wants one says so in an ERROR.
var stomp = Def{
	Name:        "stomp",
	Ports:       []uint16{61613},
	SecurePorts: []uint16{61614},
	Programs:    []Program{{"coilmq", "CoilMQ"}},
	Hello:       "CONNECT\naccept-version:1.0,1.1,1.2\nhost:/\n\n\x00",
	Bye:         "DISCONNECT\n\n\x00",
	Manners:     "wwxww",
	Read: func(reply string) (rtevent.Finding, bool) {
		frame, ok := readStomp(reply)
		message := frame.header("message")
		switch {
		case ok && frame.command == "CONNECTED" && frame.header("session")+frame.header("version")+frame.header("server") != "":
			f := strong("stomp", "CONNECTED", reply)
			f.Product, f.Version = stompServer(frame.header("server"))
			f.Details = details("protocol", frame.header("version"))
			return f, true
		case ok && frame.command == "ERROR" && message != "":
			f := strong("stomp", "ERROR with a message", reply)
			f.Product, f.Version = stompServer(frame.header("server"))
			f.Details = details("message", message)
			return f, true
		}
		return nothing()
	},
}

// A stompFrame is a command and the lines of its headers.
type stompFrame struct{ command, headers string }

// readStomp reads the first frame if all of it is there: up to the zero byte that ends it.
func readStomp(reply string) (f stompFrame, ok bool) {
	f.command, reply, ok = cutLine(reply)
	if !ok || !allOf(f.command, isUpperOrDigit) {
		return f, false
	}
	for left := reply; ; {
		line, rest, ended := cutLine(left)
		switch {
		case !ended || line != "" && !strings.Contains(line, ":"):
			return f, false
		case line == "":
			f.headers = reply[:len(reply)-len(left)]
			return f, strings.Contains(rest, "\x00")
		}
		left = rest
	}
}

// header is the first value of a name, which is the one that counts.
func (f stompFrame) header(name string) string {
	for line := range strings.Lines(f.headers) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// stompServer reads "ActiveMQ/5.17.2 comment".
func stompServer(server string) (product, version string) {
	server, _, _ = strings.Cut(server, " ")
	product, version, _ = strings.Cut(server, "/")
	if name := stompNames[strings.ToLower(product)]; name != "" {
		product = name
	}
	return text(product), text(version)
}

var stompNames = map[string]string{
	"activemq": "Apache ActiveMQ", "apache-apollo": "Apache Apollo", "activemq-artemis": "Apache ActiveMQ Artemis",
}
