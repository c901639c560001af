package protocol

// mountd is asked as nfs is.
var mountd = Def{
	Name:     "mountd",
	Ports:    []uint16{20048},
	Programs: []Program{{"rpc.mountd", "nfs-utils"}},
	Hello:    rpcRecord(mountNull),
	Datagram: mountNull,
	Manners:  "xxxxx",
	Read:     rpcVersions("mountd", mountXID),
}

const mountXID = "rtmt"

var mountNull = rpcCall(mountXID, "\x00\x01\x86\xa5", "\x00\x00\x00\x00", "\x00\x00\x00\x00")
