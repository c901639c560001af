package protocol

import (
	"io"
	"strings"

	"rtevent"
)

// cassandra is asked for its options, then joined as a client, and asked for its release, if it wants no password
// (CQL binary protocol v4, https://cassandra.apache.org/doc/latest/cassandra/reference/native-protocol.html).
var cassandra = Def{
	Name:        "cassandra",
	Ports:       []uint16{9042},
	SecurePorts: []uint16{9142},
	Programs: []Program{
		{"scylla", "ScyllaDB"}, {"cassandra", "Apache Cassandra"}, {"cassandradaemon", "Apache Cassandra"},
		{"org.apache.cassandra.service.cassandradaemon", "Apache Cassandra"},
	},
	Hello: "\x04\x00\x00\x00\x05\x00\x00\x00\x00", // OPTIONS
	Talk: func(rw io.ReadWriter, heard string) string {
		const (
			startup = "\x04\x00\x00\x01\x01\x00\x00\x00\x16" + "\x00\x01" + "\x00\x0bCQL_VERSION" + "\x00\x053.0.0"
			query   = "\x04\x00\x00\x02\x07\x00\x00\x00\x2f" + "\x00\x00\x00\x28" + cqlRelease + "\x00\x01" + "\x00"
		)
		said := readCQL(heard)
		if said.options == nil || said.frames != 1 {
			return heard
		}
		heard = ask(rw, heard, startup, hasCQLFrame)
		if readCQL(heard).ready {
			heard = ask(rw, heard, query, hasCQLFrame)
		}
		return heard
	},
	Read: func(reply string) (rtevent.Finding, bool) {
		said := readCQL(reply)
		_, scylla := said.options["SCYLLA_SHARD"]
		switch {
		case said.options["CQL_VERSION"] == "" && !strings.Contains(said.error, "protocol version"):
			return nothing()
		case said.options == nil:
			return strong("cassandra", "ERROR of CQL", reply), true
		}
		f := strong("cassandra", "SUPPORTED options of CQL", reply)
		if scylla {
			f.Product = "ScyllaDB" // its release is the Cassandra that it stands for
		} else if said.release != "" {
			f.Product, f.Version = "Apache Cassandra", text(said.release)
		}
		f.Details = details("cql", said.options["CQL_VERSION"], "protocols", said.options["PROTOCOL_VERSIONS"],
			"auth", when(said.authenticator != "", "required"))
		return f, true
	},
}

const cqlRelease = "SELECT release_version FROM system.local"

// cqlSaid is what a server said, frame by frame.
type cqlSaid struct {
	frames        int
	options       map[string]string // the first value of each
	error         string
	ready         bool
	authenticator string
	release       string
}

func readCQL(reply string) cqlSaid {
	var said cqlSaid
	for c := (cursor{rest: reply}); c.more(); said.frames++ {
		version, flags := c.u8(), c.u8()
		stream, opcode := c.big(2), c.u8()
		body := cursor{rest: c.counted(4)}
		if c.spent || version < 0x83 || version > 0x86 || flags&^0x10 != 0 || stream != said.frames {
			break
		}
		switch opcode {
		case 0x00: // ERROR
			body.take(4)
			said.error = body.counted(2)
		case 0x02:
			said.ready = true
		case 0x03: // AUTHENTICATE
			said.authenticator = body.counted(2)
		case 0x06: // SUPPORTED
			said.options = cqlOptions(&body)
		case 0x08: // RESULT
			said.release = cqlValue(&body)
		}
	}
	return said
}

// hasCQLFrame tells whether a whole frame was heard.
func hasCQLFrame(answer string) bool {
	c := cursor{rest: answer}
	c.take(5)
	c.counted(4)
	return !c.spent
}

// cqlOptions reads a map of names to lists, and keeps the first of each list; of the protocols, all.
func cqlOptions(body *cursor) map[string]string {
	options := map[string]string{}
	for range body.big(2) {
		name := body.counted(2)
		var values []string
		for n := body.big(2); n > 0 && !body.spent; n-- {
			values = append(values, body.counted(2))
		}
		if body.spent {
			return nil
		}
		options[name] = strings.Join(values, ",")
	}
	return options
}

// cqlValue reads the only value of rows of one column.
func cqlValue(body *cursor) string {
	const rows, oneTable = 2, 1
	if kind, flags, columns := body.big(4), body.big(4), body.big(4); kind != rows || flags != oneTable || columns != 1 {
		return ""
	}
	body.counted(2) // keyspace
	body.counted(2) // table
	body.counted(2) // column
	body.take(2)    // its type
	if body.big(4) < 1 {
		return ""
	}
	return body.counted(4)
}
