package protocol

// nfs is asked to do nothing, by a version that does not exist, as rpcinfo does: the refusal names those that do.
var nfs = Def{
	Name:     "nfs",
	Ports:    []uint16{2049},
	Programs: []Program{{"nfsd", "nfsd"}, {"ganesha.nfsd", "NFS-Ganesha"}, {"unfsd", "UNFS3"}},
	Hello:    rpcRecord(nfsNull),
	Datagram: nfsNull,
	Manners:  "xxxxx",
	Read:     rpcVersions("nfs", nfsXID),
}

const nfsXID = "rtnf"

var nfsNull = rpcCall(nfsXID, "\x00\x01\x86\xa3", "\x00\x00\x00\x00", "\x00\x00\x00\x00")
