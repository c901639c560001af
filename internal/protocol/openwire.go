package protocol

import (
	"rtevent"
)

// openwire greets with a WireFormatInfo that names the broker (https://activemq.apache.org/openwire.html).
var openwire = Def{
	Name:        "openwire",
	Ports:       []uint16{61616},
	SecurePorts: []uint16{61617},
	Programs:    []Program{{"activemq.jar", "Apache ActiveMQ"}, {"artemis", "Apache ActiveMQ Artemis"}},
	Greets:      true,
	Read: func(reply string) (rtevent.Finding, bool) {
		outer := cursor{rest: reply}
		c := cursor{rest: outer.counted(4)}
		kind, magic, version := c.u8(), c.take(8), c.big(4)
		if c.spent || outer.spent || kind != 1 || magic != "ActiveMQ" || version > 100 {
			return nothing()
		}
		f := strong("openwire", "WireFormatInfo", reply)
		if c.u8() == 1 { // there is a map of properties
			properties := openwireMap(c.counted(4))
			f.Product, f.Version = openwireNames[properties["ProviderName"]], text(properties["ProviderVersion"])
		}
		return f, true
	},
}

var openwireNames = map[string]string{"ActiveMQ": "Apache ActiveMQ", "ActiveMQ Artemis": "Apache ActiveMQ Artemis"}

// openwireMap reads the strings of a map of primitives.
func openwireMap(m string) map[string]string {
	const text = 9
	strs := map[string]string{}
	c := cursor{rest: m}
	for range c.big(4) {
		name, kind := c.counted(2), c.u8()
		value := ""
		if kind == text {
			value = c.counted(2)
		} else if width, ok := openwireWidths[kind]; ok {
			c.take(width)
		} else {
			break
		}
		if c.spent {
			break
		}
		strs[name] = value
	}
	return strs
}

// openwireWidths are the lengths of the other primitives: boolean, byte, char, short, int, long, double, float.
var openwireWidths = map[byte]int{0: 0, 1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 8, 7: 8, 8: 4}
