package protocol

import (
	"strings"

	"rtevent"
)

// googlecast receivers are joined and asked for their status, as by any sender of Cast v2: messages of Protocol Buffers
// after their length, with JSON in them (Chromium, components/media_router: cast_channel.proto).
var googlecast = Def{
	Name:        "googlecast",
	SecurePorts: []uint16{8009},
	Hello: castMessage("urn:x-cast:com.google.cast.tp.connection", `{"type":"CONNECT"}`) +
		castMessage("urn:x-cast:com.google.cast.receiver", `{"type":"GET_STATUS","requestId":1}`),
	Bye: castMessage("urn:x-cast:com.google.cast.tp.connection", `{"type":"CLOSE"}`),
	Read: func(reply string) (rtevent.Finding, bool) {
		const source, space, payload = 2, 4, 6
		c := cursor{rest: reply}
		m, ok := readProto(c.counted(4))
		if c.spent || !ok || !strings.HasPrefix(m.get(space).bytes, "urn:x-cast:com.google.cast.") ||
			!strings.HasPrefix(m.get(payload).bytes, "{") || m.get(source).bytes == "sender-0" {
			return nothing()
		}
		f := strong("googlecast", "message of Cast v2", reply)
		f.Product = "Google Cast"
		return f, true
	},
}

// castMessage is one from a sender to the receiver: version 0, source, destination, namespace, type text, payload.
func castMessage(space, payload string) string {
	counted := func(s string) string { return string([]byte{byte(len(s))}) + s }
	m := "\x08\x00" + "\x12" + counted("sender-0") + "\x1a" + counted("receiver-0") + "\x22" + counted(space) + "\x28\x00" +
		"\x32" + counted(payload)
	return "\x00\x00\x00" + counted(m)
}
