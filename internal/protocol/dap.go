package protocol

import (
	"encoding/json"
	"strings"

	"rtevent"
)

// dap is the Debug Adapter Protocol (https://microsoft.github.io/debug-adapter-protocol/specification). Debuggers serve one
// client and some end with it, so that they are asked only when somebody insists: as by an editor that begins, and then
// leaves the program running.
var dap = Def{
	Name:     "dap",
	Shy:      true,
	Ports:    []uint16{5678},
	Programs: []Program{{"debugpy", "debugpy"}, {"codelldb", "CodeLLDB"}},
	Hello:    content(`{"seq":1,"type":"request","command":"initialize","arguments":{"clientID":"rtevent","adapterID":"rtevent"}}`),
	Bye:      content(`{"seq":2,"type":"request","command":"disconnect","arguments":{"terminateDebuggee":false}}`),
	Read: func(reply string) (rtevent.Finding, bool) {
		f := strong("dap", "messages of a debug adapter", reply)
		known := false
		for rest := reply; ; known = true {
			message, left, ok := cutContent(rest)
			if !ok {
				return f, known
			}
			var m dapMessage
			if json.Unmarshal([]byte(message), &m) != nil || !m.serves() {
				return nothing()
			}
			if m.Body.Category == "telemetry" && m.Body.Output == "debugpy" {
				version, _, _ := strings.Cut(m.Body.Data.PackageVersion, "+") // what a packager adds
				f.Product, f.Version = "debugpy", text(version)
			}
			rest = left
		}
	},
}

// A dapMessage is what a server says: the answer to a request of ours, or an event.
type dapMessage struct {
	Seq     *int   `json:"seq"`
	Type    string `json:"type"`
	Event   string `json:"event"`
	Command string `json:"command"`
	Success *bool  `json:"success"`
	Body    struct {
		Category string `json:"category"`
		Output   string `json:"output"`
		Data     struct {
			PackageVersion string `json:"packageVersion"`
		} `json:"data"`
	} `json:"body"`
}

func (m dapMessage) serves() bool {
	return m.Seq != nil && (m.Type == "event" && m.Event != "" || m.Type == "response" && m.Command != "" && m.Success != nil)
}
