package protocol

import (
	"strings"

	"rtevent"
)

// zookeeper is asked with the four letters that it answers by default; to connect as its other clients do would begin a
// session, which the whole ensemble writes down.
var zookeeper = Def{
	Name:     "zookeeper",
	Ports:    []uint16{2181},
	Programs: []Program{{"org.apache.zookeeper.server.quorum.QuorumPeerMain", "Apache ZooKeeper"}, {"clickhouse-keeper", "ClickHouse Keeper"}},
	Hello:    "srvr",
	Manners:  "xxxxx",
	Read: func(reply string) (rtevent.Finding, bool) {
		line, rest, ok := cutLine(reply)
		f := strong("zookeeper", "the answer to srvr", reply)
		switch {
		case !ok:
			return nothing()
		case rest == "" && (line == "srvr is not executed because it is not in the whitelist." ||
			line == "This ZooKeeper instance is not currently serving requests"):
			f.Product = "Apache ZooKeeper"
			return f, true
		}
		for _, m := range zookeeperMarks {
			says, is := strings.CutPrefix(line, m.words)
			_, mode, moded := strings.Cut(rest, "\nMode: ")
			if !is || !strings.Contains("\n"+rest, "\nLatency min/avg/max: ") {
				continue
			}
			version, _, _ := strings.Cut(says, ",")
			version, _, _ = strings.Cut(version, "-")
			mode, _, ended := strings.Cut(mode, "\n")
			f.Product, f.Version = m.product, text(version)
			f.Details = details("mode", when(moded && ended, mode))
			return f, true
		}
		return nothing()
	},
}

var zookeeperMarks = []mark{
	{"Zookeeper version: ", "Apache ZooKeeper"},
	{"ClickHouse Keeper version: v", "ClickHouse Keeper"},
}
