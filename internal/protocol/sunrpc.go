// Calls of ONC RPC (RFC 5531), in which rpcbind, NFS and mountd speak. Its own identifier (xid) in each protocol's call
// tells whose answer a reply is.

package protocol

import (
	"rtevent"
)

// rpcCall is a call without arguments or credentials, as in a datagram. All numbers are of four bytes.
func rpcCall(xid, program, version, procedure string) string {
	const call, rpcVersion, none = "\x00\x00\x00\x00", "\x00\x00\x00\x02", "\x00\x00\x00\x00\x00\x00\x00\x00"
	return xid + call + rpcVersion + program + version + procedure + none + none
}

// rpcRecord is a message as over TCP: the last fragment of a record.
func rpcRecord(message string) string {
	return "\x80\x00\x00" + string([]byte{byte(len(message))}) + message
}

// rpcReply is an answer that a server accepted or refused.
type rpcReply struct {
	denied    bool
	accepted  int // accept_stat
	low, high int // the versions that there are, if the one of the call is not
	result    cursor
}

// How a call went (accept_stat).
const (
	rpcSuccess  = 0
	rpcMismatch = 2
)

// readRPC reads the reply to the call of that identifier, over TCP or from a datagram.
func readRPC(reply, xid string) (r rpcReply, ok bool) {
	c := cursor{rest: reply}
	if len(reply) >= 8 && reply[4:8] == xid && reply[0] == 0x80 {
		c.take(1)
		c = cursor{rest: c.counted(3), spent: c.spent}
	}
	const isReply = 1
	if id, kind := c.take(4), c.big(4); c.spent || id != xid || kind != isReply {
		return r, false
	}
	switch c.big(4) {
	case 1:
		r.denied = true
		reason := c.big(4)
		return r, !c.spent && reason <= 1
	case 0:
		c.take(4)    // the flavour of the verifier
		c.counted(4) // the verifier, which is empty
		if r.accepted = c.big(4); r.accepted == rpcMismatch {
			r.low, r.high = c.big(4), c.big(4)
		}
		r.result = c
		return r, !c.spent && r.accepted <= 5
	}
	return r, false
}

// rpcVersions reads the answer to a call of version 0, by which rpcinfo learns which versions of a program there are.
func rpcVersions(protocol, xid string) func(reply string) (rtevent.Finding, bool) {
	return func(reply string) (rtevent.Finding, bool) {
		r, ok := readRPC(reply, xid)
		if !ok || r.denied || r.accepted != rpcSuccess && r.accepted != rpcMismatch || r.result.rest != "" {
			return nothing()
		}
		f := strong(protocol, "ONC RPC: the program is there", reply)
		if r.accepted == rpcMismatch && r.low <= r.high && r.high < 100 {
			f.Details = details("versions", dotted(r.low)+"-"+dotted(r.high))
		}
		return f, true
	}
}
