package protocol

import (
	"strings"

	"rtevent"
)

// openvpn is sent the first packet of a client: a reset of the control channel, with a session of ours. A server with a
// key of its own for that (tls-auth, tls-crypt) stays silent to strangers, by design.
var openvpn = Def{
	Name:     "openvpn",
	Ports:    []uint16{1194},
	Programs: []Program{{"openvpn", "OpenVPN"}, {"ovpnserver", "OpenVPN"}, {"openvpnas", "OpenVPN Access Server"}},
	Hello:    "\x00\x0e" + openvpnReset,
	Datagram: openvpnReset,
	Manners:  "xxxxx",
	Only:     true,
	Read: func(reply string) (rtevent.Finding, bool) {
		packet := reply
		if !strings.HasPrefix(packet, openvpnServerReset) { // over TCP
			c := cursor{rest: reply}
			if packet = c.counted(2); c.spent {
				return nothing()
			}
		}
		c := cursor{rest: packet}
		if c.take(1) != openvpnServerReset {
			return nothing()
		}
		c.take(8) // its session
		acknowledged := int(c.u8())
		c.take(4 * acknowledged)
		if acknowledged == 0 || c.take(8) != openvpnSession || c.take(4) != "\x00\x00\x00\x00" || c.spent {
			return nothing()
		}
		f := strong("openvpn", "the control channel is reset for our session", reply)
		f.Product = "OpenVPN"
		return f, true
	},
}

const (
	openvpnSession     = "rtevent!"
	openvpnReset       = "\x38" + openvpnSession + "\x00" + "\x00\x00\x00\x00" // P_CONTROL_HARD_RESET_CLIENT_V2
	openvpnServerReset = "\x40"                                                // P_CONTROL_HARD_RESET_SERVER_V2
)
