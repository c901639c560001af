package protocol

import (
	"encoding/json"

	"rtevent"
)

// zabbixTrapper is where the agents of Zabbix report, on its server and its proxies. It is asked as an agent does that was
// never registered: which checks it wants of us.
var zabbixTrapper = Def{
	Name:     "zabbix-trapper",
	Ports:    []uint16{10051},
	Programs: []Program{{"zabbix_server", "Zabbix"}, {"zabbix_proxy", "Zabbix"}},
	Hello:    zabbixHeader + "\x2c\x00\x00\x00\x00\x00\x00\x00" + `{"request":"active checks","host":"rtevent"}`,
	Manners:  "xxxxx",
	Read: func(reply string) (rtevent.Finding, bool) {
		body, ok := zabbixBody(reply)
		var says struct {
			Response string `json:"response"`
			Info     string `json:"info"`
			Version  string `json:"version"`
		}
		if !ok || json.Unmarshal([]byte(body), &says) != nil || says.Response != "failed" && says.Response != "success" {
			return nothing()
		}
		f := strong("zabbix-trapper", "a framed response", reply)
		f.Product = "Zabbix"
		if isVersion(says.Version) {
			f.Version = says.Version
		}
		return f, true
	},
}
