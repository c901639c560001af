package protocol

import (
	"strings"

	"rtevent"
)

// mqtt is joined as any client of 3.1.1 does, under a name of its own and without a session, and asked for the topic in
// which brokers publish their version. Then it is left with DISCONNECT.
var mqtt = Def{
	Name:         "mqtt",
	SecureClaims: []string{"secure-mqtt"},
	Ports:        []uint16{1883},
	SecurePorts:  []uint16{8883},
	Programs: []Program{
		{"mosquitto", "Mosquitto"}, {"emqx", "EMQX"}, {"vernemq", "VerneMQ"}, {"nanomq", "NanoMQ"}, {"hivemq", "HiveMQ"},
	},
	Hello: "\x10\x13" + "\x00\x04MQTT\x04\x02\x00\x0a" + "\x00\x07rtevent" + // CONNECT, clean session, 10 s
		"\x82\x18" + "\x00\x01" + "\x00\x13$SYS/broker/version\x00", // SUBSCRIBE
	Bye:     "\xe0\x00",
	Manners: "xxxxx wwxww",
	Read:    readMQTT,
}

func readMQTT(reply string) (rtevent.Finding, bool) {
	c := cursor{rest: reply}
	first, connack := mqttPacket(&c)
	if c.spent || first != 0x20 || len(connack) != 2 || connack[0] != 0 || connack[1] > 5 {
		return nothing()
	}
	f := strong("mqtt", "CONNACK: "+mqttSays[connack[1]], reply)
	if connack[1] != 0 {
		if c.more() {
			return nothing()
		}
		f.Details = details("auth", when(connack[1] >= 4, "required"))
		return f, true
	}
	for c.more() {
		kind, body := mqttPacket(&c)
		b := cursor{rest: body}
		switch {
		case kind&0xf0 == 0x30 && b.counted(2) == "$SYS/broker/version": // PUBLISH
			f.Product, f.Version = mqttBroker(b.rest)
		case kind&0xf0 != 0x30 && kind != 0x90 && !c.spent: // nor SUBACK
			return nothing()
		}
	}
	return f, true
}

// mqttPacket reads a packet: its first byte and what follows its length.
func mqttPacket(c *cursor) (first byte, body string) {
	first = c.u8()
	length := 0
	for shift := 0; shift < 28; shift += 7 {
		b := c.u8()
		length |= int(b&0x7f) << shift
		if b < 0x80 {
			return first, c.take(length)
		}
	}
	c.take(-1)
	return first, ""
}

// mqttBroker reads "mosquitto version 2.0.11".
func mqttBroker(says string) (product, version string) {
	product, version, ok := strings.Cut(says, " version ")
	if !ok {
		return text(says), ""
	}
	if product == "mosquitto" {
		product = "Mosquitto"
	}
	return text(product), text(version)
}

// mqttSays are the return codes of CONNACK.
var mqttSays = [...]string{
	"accepted", "another version of the protocol", "another client identifier", "not available",
	"bad user name or password", "not authorized",
}
