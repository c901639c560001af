package protocol

import (
	"io"
	"strings"

	"rtevent"
)

// mongodb is asked for isMaster in the way that servers of all ages know, as drivers do, and then for buildInfo, which
// names the program (https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/).
var mongodb = Def{
	Name:     "mongodb",
	Ports:    []uint16{27017, 27018, 27019},
	Programs: []Program{{"mongod", "MongoDB"}, {"mongos", "MongoDB"}, {"ferretdb", "FerretDB"}},
	Hello:    mongoQuery("rt\x00\x00", "\x10isMaster\x00\x01\x00\x00\x00"),
	Talk: func(rw io.ReadWriter, heard string) string {
		is, rest, ok := mongoReply(heard, "rt\x00\x00")
		if !ok || rest != "" {
			return heard
		}
		build := mongoMessage("rt\x01\x00", "\x10buildInfo\x00\x01\x00\x00\x00"+"\x02$db\x00\x06\x00\x00\x00admin\x00")
		if wire, _ := number(is["maxWireVersion"]); wire < 6 { // before MongoDB 3.6
			build = mongoQuery("rt\x01\x00", "\x10buildInfo\x00\x01\x00\x00\x00")
		}
		return ask(rw, heard, build, func(answer string) bool {
			_, _, ok := mongoReply(answer, "rt\x01\x00")
			return ok
		})
	},
	Read: func(reply string) (rtevent.Finding, bool) {
		if head, ok := cutHead(reply); ok {
			if scolding(head) != "mongodb" {
				return nothing()
			}
			f := strong("mongodb", "MongoDB scolds HTTP", head.body)
			f.Product = "MongoDB"
			return f, true
		}
		is, rest, ok := mongoReply(reply, "rt\x00\x00")
		if !ok || is["maxWireVersion"]+is["ismaster"]+is["errmsg"] == "" {
			return nothing()
		}
		f := strong("mongodb", "answers isMaster", reply)
		build, _, _ := mongoReply(rest, "rt\x01\x00")
		f.Product, f.Version = mongoServer(build)
		f.Details = details("wire_version", is["maxWireVersion"], "replica_set", is["setName"],
			"auth", when(strings.Contains(build["codeName"], "Unauthorized"), "required"))
		return f, true
	},
}

// mongoDocument frames the elements of a document.
func mongoDocument(elements string) string {
	return mongoNumber(len(elements)+5) + elements + "\x00"
}

// mongoQuery is an OP_QUERY for a command to the database admin, which a secondary may answer too.
func mongoQuery(id, command string) string {
	const query, secondaryToo = "\xd4\x07\x00\x00", "\x04\x00\x00\x00"
	body := id + "\x00\x00\x00\x00" + query + secondaryToo + "admin.$cmd\x00" + "\x00\x00\x00\x00" + "\xff\xff\xff\xff" +
		mongoDocument(command)
	return mongoNumber(len(body)+4) + body
}

// mongoMessage is an OP_MSG with one document.
func mongoMessage(id, command string) string {
	const message, noFlags, oneDocument = "\xdd\x07\x00\x00", "\x00\x00\x00\x00", "\x00"
	body := id + "\x00\x00\x00\x00" + message + noFlags + oneDocument + mongoDocument(command)
	return mongoNumber(len(body)+4) + body
}

func mongoNumber(n int) string { return string([]byte{byte(n), byte(n >> 8), 0, 0}) }

// mongoReply reads the answer to the request of that identifier: an OP_REPLY or an OP_MSG with one document.
func mongoReply(reply, to string) (document map[string]string, rest string, ok bool) {
	c := cursor{rest: reply}
	message := cursor{rest: c.take(c.little(4) - 4)}
	message.take(4) // its own identifier
	answers, kind := message.take(4), message.little(4)
	switch kind {
	case 1: // OP_REPLY: flags, cursor, start, number of documents
		message.take(4 + 8 + 4)
		ok = message.little(4) == 1
	case 2013: // OP_MSG: flags, kind of section
		message.take(4)
		ok = message.u8() == 0
	}
	if !ok || c.spent || message.spent || answers != to {
		return nil, "", false
	}
	document, ok = readBSON(message.rest)
	return document, c.rest, ok
}

// mongoServer names the program from what buildInfo tells. FerretDB gives the version of MongoDB that it stands for, and
// its own beside it.
func mongoServer(build map[string]string) (product, version string) {
	ferret, _ := readBSON(build["ferretdb"])
	switch {
	case ferret["version"] != "":
		return "FerretDB", text(strings.TrimPrefix(ferret["version"], "v"))
	case build["ferretdbVersion"] != "":
		return "FerretDB", text(strings.TrimPrefix(build["ferretdbVersion"], "v"))
	case build["version"] != "" && build["gitVersion"] != "":
		return "MongoDB", text(build["version"])
	}
	return "", ""
}
