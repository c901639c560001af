package protocol

import (
	"slices"
	"strings"

	"rtevent"
)

// rpcbind is asked for its list (version 2, procedure DUMP: RFC 1833), as "rpcinfo -p" does.
var rpcbind = Def{
	Name:     "rpcbind",
	Claims:   []string{"sunrpc"},
	Ports:    []uint16{111},
	Programs: []Program{{"rpcbind", "rpcbind"}, {"portmap", "portmap"}},
	Hello:    rpcRecord(rpcDump),
	Datagram: rpcDump,
	Manners:  "xxxxx",
	Read:     readRPCBind,
}

const rpcbindXID = "rtpm"

var rpcDump = rpcCall(rpcbindXID, "\x00\x01\x86\xa0", "\x00\x00\x00\x02", "\x00\x00\x00\x04")

func readRPCBind(reply string) (rtevent.Finding, bool) {
	r, ok := readRPC(reply, rpcbindXID)
	switch {
	case !ok:
		return nothing()
	case r.denied:
		return strong("rpcbind", "ONC RPC: the list is denied", reply), true
	case r.accepted != rpcSuccess:
		return nothing()
	}
	var names, versions []string
	c := r.result
	for c.big(4) == 1 {
		program, version := c.big(4), c.big(4)
		c.take(4 + 4) // transport, port
		if program == 100000 {
			versions = append(versions, dotted(version))
		}
		if name := rpcPrograms[program]; name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if c.spent || c.rest != "" {
		return nothing()
	}
	f := strong("rpcbind", "the list of RPC programs", reply)
	if slices.Contains(versions, "4") { // portmap, before it, knows 2 only
		f.Product = "rpcbind"
	}
	f.Details = details("programs", strings.Join(names, " "))
	return f, true
}

// rpcPrograms are the programs that are met often, by the names that administrators know.
var rpcPrograms = map[int]string{
	100000: "portmapper", 100003: "nfs", 100004: "ypserv", 100005: "mountd", 100007: "ypbind", 100011: "rquotad",
	100021: "nlockmgr", 100024: "status", 100227: "nfs_acl", 100068: "cmsd", 100083: "ttdbserverd", 391002: "fam",
	107000: "glusterfs", 14398464: "glusterfs", 395183: "vxi-11",
}
