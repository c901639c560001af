package protocol

import (
	"strings"

	"rtevent"
)

// zabbixAgent is asked for its version, as its server does: a header ("ZBXD", flags, length, reserved) and the key of an
// item.
var zabbixAgent = Def{
	Name:     "zabbix-agent",
	Ports:    []uint16{10050},
	Programs: []Program{{"zabbix_agentd", "Zabbix"}, {"zabbix_agent2", "Zabbix"}},
	Hello:    zabbixHeader + "\x0d\x00\x00\x00\x00\x00\x00\x00agent.version",
	Manners:  "xxxxx",
	Read: func(reply string) (rtevent.Finding, bool) {
		body, ok := zabbixBody(reply)
		if !ok || !isVersion(body) && !strings.HasPrefix(body, "ZBX_NOTSUPPORTED\x00") {
			return nothing()
		}
		f := strong("zabbix-agent", "the value of an item, framed", reply)
		f.Product = "Zabbix"
		if isVersion(body) {
			f.Version = body
		}
		return f, true
	},
}

const zabbixHeader = "ZBXD\x01"

// zabbixBody is what a whole framed message carries.
func zabbixBody(reply string) (string, bool) {
	c := cursor{rest: reply}
	if c.take(len(zabbixHeader)) != zabbixHeader {
		return "", false
	}
	length := c.little(4)
	c.take(4)
	body := c.take(length)
	return body, !c.spent && c.rest == "" && body != ""
}
