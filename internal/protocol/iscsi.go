package protocol

import (
	"strings"

	"rtevent"
)

// iscsi is logged in to for discovery, without a name to log in by (RFC 7143, section 11.12), and logged out of.
var iscsi = Def{
	Name:     "iscsi",
	Claims:   []string{"iscsi-target"},
	Ports:    []uint16{3260, 860},
	Programs: []Program{{"tgtd", "tgt"}, {"istgt", "istgt"}, {"ietd", "iSCSI Enterprise Target"}},
	Hello: "\x43\x87\x00\x00" + "\x00\x00\x00" + string([]byte{byte(len(iscsiLogin))}) + "\x80\x00\x00\x72\x74\x65\x00\x00" + iscsiTask +
		"\x00\x00\x00\x00" + "\x00\x00\x00\x01" + strings.Repeat("\x00", 20) + iscsiLogin + strings.Repeat("\x00", (4-len(iscsiLogin)%4)%4),
	Bye:     "\x46\x80\x00\x00" + strings.Repeat("\x00", 12) + "rtlo" + "\x00\x00\x00\x00" + "\x00\x00\x00\x01" + strings.Repeat("\x00", 20),
	Manners: "xxxxx",
	Read: func(reply string) (rtevent.Finding, bool) {
		const loginResponse = 0x23
		c := cursor{rest: reply}
		kind, _, highest, active := c.u8(), c.u8(), c.u8(), c.u8()
		c.take(1)
		length := c.big(3)
		c.take(8)
		task := c.take(4)
		c.take(16)
		status, reason := int(c.u8()), int(c.u8())
		c.take(10)
		pairs := c.take(length)
		if c.spent || kind != loginResponse || highest != 0 || active != 0 || task != iscsiTask || status > 3 {
			return nothing()
		}
		f := strong("iscsi", "the answer to a login", reply)
		const refused, needsPassword = 2, 1
		f.Details = details("auth", when(status == refused && reason == needsPassword, "required"), "alias", iscsiValue(pairs, "TargetAlias"))
		return f, true
	},
}

const (
	iscsiTask  = "rtev"
	iscsiLogin = "InitiatorName=iqn.2026-11.rtevent:probe\x00SessionType=Discovery\x00" +
		"HeaderDigest=None\x00DataDigest=None\x00"
)

// iscsiValue is the value of a key in pairs that zero bytes end.
func iscsiValue(pairs, key string) string {
	_, value, _ := strings.Cut("\x00"+pairs, "\x00"+key+"=")
	return zeroEnded(value)
}
