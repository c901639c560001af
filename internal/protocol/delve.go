package protocol

import (
	"encoding/json"
	"strings"

	"rtevent"
)

// delve is the debugger of Go. Its server may end with its first client, so that it is asked only when somebody insists:
// for its version, in JSON-RPC (https://github.com/go-delve/delve/tree/master/Documentation/api/json-rpc).
var delve = Def{
	Name:     "delve",
	Shy:      true,
	Ports:    []uint16{2345},
	Programs: []Program{{"dlv", "Delve"}},
	Hello:    `{"method":"RPCServer.GetVersion","params":[{}],"id":1}`,
	Read: func(reply string) (rtevent.Finding, bool) {
		line, ok := oneLine(reply)
		var says struct {
			ID     int `json:"id"`
			Result struct {
				DelveVersion string
				APIVersion   int
			} `json:"result"`
		}
		if !ok || !strings.HasPrefix(line, "{") || json.Unmarshal([]byte(line), &says) != nil ||
			says.ID != 1 || says.Result.DelveVersion == "" || says.Result.APIVersion == 0 {
			return nothing()
		}
		f := strong("delve", "answers GetVersion", reply)
		version, _, _ := strings.Cut(strings.TrimPrefix(says.Result.DelveVersion, "Version: "), "\n")
		f.Product, f.Version = "Delve", text(version)
		return f, true
	},
}
