package protocol

import (
	"io"
	"strings"

	"rtevent"
)

// bolt begins with versions, of which the server chooses one; then a client says hello without a name and a password, and
// the server names itself or refuses (https://neo4j.com/docs/bolt/current/bolt/handshake/).
var bolt = Def{
	Name:     "bolt",
	Ports:    []uint16{7687},
	Programs: []Program{{"neo4j", "Neo4j"}, {"memgraph", "Memgraph"}},
	Hello: "\x60\x60\xb0\x17" +
		"\x00\x03\x04\x05" + "\x00\x02\x04\x04" + "\x00\x00\x01\x04" + "\x00\x00\x00\x03", // 5.4 to 5.1, 4.4 to 4.2, 4.1, 3.0
	Bye: "\x00\x02\xb0\x02\x00\x00", // GOODBYE
	Talk: func(rw io.ReadWriter, heard string) string {
		const (
			agent  = "\x8auser_agent\x8brtevent/1.0"
			agent5 = "\xb1\x01\xa2" + agent + "\x8abolt_agent\xa1\x87product\x8brtevent/1.0"
			agent4 = "\xb1\x01\xa2" + agent + "\x86scheme\x84none"
		)
		version, rest, ok := boltVersion(heard)
		if !ok || rest != "" {
			return heard
		}
		hello := agent4
		if version[0] == '5' {
			hello = agent5
		}
		return ask(rw, heard, "\x00"+string([]byte{byte(len(hello))})+hello+"\x00\x00", func(answer string) bool {
			return strings.HasSuffix(answer, "\x00\x00")
		})
	},
	Read: func(reply string) (rtevent.Finding, bool) {
		version, rest, ok := boltVersion(reply)
		if !ok {
			return nothing()
		}
		if rest == "" {
			return weak("bolt", "chose version "+version+" of Bolt", reply), true
		}
		c := cursor{rest: rest}
		message := cursor{rest: c.counted(2)}
		kind := message.take(2)
		if c.spent || kind != "\xb1\x70" && kind != "\xb1\x7f" {
			return nothing()
		}
		says := packMap(&message, 0)
		if message.spent || says["server"]+says["code"] == "" {
			return nothing()
		}
		f := strong("bolt", "chose version "+version+" of Bolt, and answers hello", reply)
		f.Product, f.Version = boltServer(says["server"])
		if strings.HasPrefix(says["code"], "Neo.") {
			f.Product = "Neo4j"
		}
		f.Details = details("protocol", version, "error", says["code"])
		return f, true
	},
}

// boltVersion reads which of the offered versions the server chose.
func boltVersion(reply string) (version, rest string, ok bool) {
	if len(reply) < 4 || reply[:2] != "\x00\x00" {
		return "", "", false
	}
	minor, major := int(reply[2]), int(reply[3])
	offered := major == 5 && 1 <= minor && minor <= 4 || major == 4 && 1 <= minor && minor <= 4 || major == 3 && minor == 0
	return dotted(major, minor), reply[4:], offered
}

// boltServer reads "Neo4j/5.13.0", also where others add their own name to it.
func boltServer(server string) (product, version string) {
	if strings.Contains(server, "Memgraph") {
		return "Memgraph", ""
	}
	server, _, _ = strings.Cut(server, " ")
	product, version, _ = strings.Cut(server, "/")
	return text(product), text(version)
}
