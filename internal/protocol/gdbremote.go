package protocol

import (
	"strings"

	"rtevent"
)

// gdbRemote is never asked: a debugger serves one client, and most end with it. It is known by a packet with its
// checksum.
var gdbRemote = Def{
	Name:   "gdb-remote",
	Claims: []string{"gdbremote"},
	Ports:  []uint16{2159},
	Programs: []Program{
		{"gdbserver", "gdbserver"}, {"lldb-server", "lldb-server"}, {"debugserver", "debugserver"}, {"openocd", "OpenOCD"},
	},
	Read: func(reply string) (rtevent.Finding, bool) {
		packet, ok := strings.CutPrefix(strings.TrimPrefix(reply, "+"), "$")
		body, sum, _ := strings.Cut(packet, "#")
		if !ok || !strings.HasPrefix(body, "PacketSize=") || len(sum) != 2 {
			return nothing()
		}
		var want byte
		for i := range len(body) {
			want += body[i]
		}
		const digits = "0123456789abcdef"
		if sum != string([]byte{digits[want>>4], digits[want&15]}) {
			return nothing()
		}
		return strong("gdb-remote", "the answer to qSupported, with its checksum", reply), true
	},
}
