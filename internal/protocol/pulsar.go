package protocol

import (
	"strings"

	"rtevent"
)

// pulsar is connected to: commands are messages of Protocol Buffers after the lengths of the frame and of the command
// (https://pulsar.apache.org/docs/next/developing-binary-protocol/). A command is in the field of its own number.
var pulsar = Def{
	Name:        "pulsar",
	Ports:       []uint16{6650},
	SecurePorts: []uint16{6651},
	Programs: []Program{
		{"org.apache.pulsar.pulsarstandalonestarter", "Apache Pulsar"}, {"org.apache.pulsar.pulsarbrokerstarter", "Apache Pulsar"},
	},
	Hello: "\x00\x00\x00\x13" + "\x00\x00\x00\x0f" +
		"\x08\x02" + "\x12\x0b" + "\x0a\x07rtevent" + "\x20\x0f", // CONNECT: client, version 15 of the protocol
	Read: func(reply string) (rtevent.Finding, bool) {
		const connected, fault = 3, 14
		outer := cursor{rest: reply}
		c := cursor{rest: outer.counted(4)}
		command, ok := readProto(c.counted(4))
		kind := int(command.get(1).value)
		if c.spent || outer.spent || !ok || len(command) != 2 || kind != connected && kind != fault {
			return nothing()
		}
		says, ok := readProto(command.get(kind).bytes)
		if !ok {
			return nothing()
		}
		if kind == fault && says.get(3).bytes != "" {
			f := strong("pulsar", "ERROR of Pulsar", reply)
			f.Details = details("message", says.get(3).bytes)
			return f, true
		}
		server := says.get(1).bytes
		if kind != connected || server == "" || says.get(2).number == 0 {
			return nothing()
		}
		f := strong("pulsar", "CONNECTED", reply)
		if version, ok := strings.CutPrefix(server, "Pulsar Server"); ok {
			f.Product, f.Version = "Apache Pulsar", text(strings.TrimLeft(version, " -"))
		}
		return f, true
	},
}
