package protocol

import (
	"strings"

	"rtevent"
)

// amqp is asked for 0-9-1. A server of that answers with Connection.Start, which tells its product and version; one of
// another version, with the header of that.
var amqp = Def{
	Name:         "amqp",
	SecureClaims: []string{"amqps"},
	Ports:        []uint16{5672},
	SecurePorts:  []uint16{5671},
	Programs:     []Program{{"rabbitmq-server", "RabbitMQ"}, {"rabbit", "RabbitMQ"}, {"qpidd", "Apache Qpid"}, {"lavinmq", "LavinMQ"}},
	Hello:        "AMQP\x00\x00\x09\x01",
	Manners:      "awaaa",
	Read:         readAMQP,
}

func readAMQP(reply string) (rtevent.Finding, bool) {
	if version, ok := amqpHeader(reply); ok {
		f := strong("amqp", "header of AMQP "+version, reply)
		if version == "0-9-1" { // our own hello: an echo says it too
			f = weak("amqp", "header of AMQP "+version, reply)
		}
		f.Details = details("protocol", version)
		return f, true
	}
	properties, ok := amqpStart(reply)
	if !ok {
		return nothing()
	}
	f := strong("amqp", "Connection.Start of AMQP 0-9-1", reply)
	f.Product, f.Version = text(properties["product"]), text(properties["version"])
	f.Details = details("protocol", "0-9-1", "platform", properties["platform"], "cluster", properties["cluster_name"])
	return f, true
}

// amqpHeader reads the header that answers one of another version: "AMQP", protocol, major, minor, revision. There is
// nothing else in such an answer.
func amqpHeader(reply string) (version string, ok bool) {
	if len(reply) != 8 || reply[:4] != "AMQP" {
		return "", false
	}
	switch reply[4:] {
	case "\x00\x00\x09\x01":
		return "0-9-1", true
	case "\x01\x01\x08\x00", "\x01\x01\x00\x09":
		return "0-8", true
	case "\x01\x01\x00\x0a":
		return "0-10", true
	case "\x00\x01\x00\x00", "\x03\x01\x00\x00":
		return "1.0", true
	}
	return "", false
}

// amqpStart reads the server properties of Connection.Start: a frame of method 10.10 on channel 0.
func amqpStart(reply string) (properties map[string]string, ok bool) {
	c := cursor{rest: reply}
	kind, channel := c.u8(), c.big(2)
	frame := cursor{rest: c.counted(4)}
	if end := c.u8(); c.spent || kind != 1 || channel != 0 || end != 0xce {
		return nil, false
	}
	if frame.big(4) != 10<<16|10 || frame.big(2) != 9 {
		return nil, false
	}
	properties = amqpTable(frame.counted(4))
	frame.counted(4) // mechanisms
	frame.counted(4) // locales
	return properties, !frame.spent && frame.rest == ""
}

// amqpTable reads the strings of a field table, as far as it knows the types of the fields.
func amqpTable(table string) map[string]string {
	strs := map[string]string{}
	for c := (cursor{rest: table}); c.more(); {
		name, kind := c.counted(1), c.u8()
		switch kind {
		case 'S':
			if value := c.counted(4); !c.spent {
				strs[strings.ToLower(name)] = value
			}
		case 'F', 'A', 'x':
			c.counted(4)
		default:
			width, known := amqpWidths[kind]
			if !known {
				return strs
			}
			c.take(width)
		}
	}
	return strs
}

// amqpWidths are the lengths of the fields that have one.
var amqpWidths = map[byte]int{
	't': 1, 'b': 1, 'B': 1, 's': 2, 'u': 2, 'I': 4, 'i': 4, 'l': 8, 'f': 4, 'd': 8, 'D': 5, 'T': 8, 'V': 0,
}
