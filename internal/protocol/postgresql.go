package protocol

import (
	"io"
	"strings"

	"rtevent"
)

// postgresql is greeted as psql would for the user postgres: it is asked for TLS first, and goes on without where it has
// none. A server that trusts us tells its version and is taken leave of; one that asks for a password is left at once,
// which is what psql does to ask its user, and leaves nothing in the log. (Terminate would, there.)
var postgresql = Def{
	Name:  "postgresql",
	Ports: []uint16{5432, 5433, 6432},
	Programs: []Program{
		{"postgres", "PostgreSQL"}, {"postmaster", "PostgreSQL"}, {"pgbouncer", "PgBouncer"},
		{"cockroach", "CockroachDB"},
	},
	Hello: "\x00\x00\x00\x08" + "\x04\xd2\x16\x2f", // SSLRequest
	Talk: func(rw io.ReadWriter, heard string) string {
		if heard == pgNoTLS {
			heard = ask(rw, heard, pgStartup, func(answer string) bool { return readPG(answer).done })
		}
		return talkPG(rw, heard)
	},
	StartTLS: &StartTLS{
		First:   true,
		Offered: func(heard string) bool { return heard == pgTLS },
		Hello:   pgStartup,
		Talk:    talkPG,
	},
	Manners: "xxxxa",
	Only:    true,
	Read: func(reply string) (rtevent.Finding, bool) {
		said := readPG(reply)
		if said.auth == "" && said.code == "" {
			return nothing()
		}
		f := strong("postgresql", said.says(), reply)
		f.Product, f.Version = said.product()
		f.Details = details("auth", said.auth, "error", said.code, "message", said.message)
		return f, true
	},
}

const (
	pgTLS, pgNoTLS = "S", "N" // the whole answer to SSLRequest
	pgStartup      = "\x00\x00\x00\x42" + "\x00\x03\x00\x00" +
		"user\x00postgres\x00" + "database\x00postgres\x00" + "application_name\x00rtevent\x00" + "\x00"
)

// talkPG waits until it is our turn after the startup message, and leaves if that logged us in.
func talkPG(rw io.ReadWriter, heard string) string {
	heard = hear(rw, heard, func(heard string) bool { return readPG(heard).done })
	if readPG(heard).ready {
		io.WriteString(rw, "X\x00\x00\x00\x04")
	}
	return heard
}

// pgSaid is what a server said after the startup message.
type pgSaid struct {
	auth       string            // how it wants to be sure of us: "trust", "password", "md5", "scram-sha-256"...
	parameters map[string]string // ParameterStatus
	code       string            // SQLSTATE of an ErrorResponse
	message    string
	routine    string // where in its source PostgreSQL raised the error: "auth.c ClientAuthentication"
	ready      bool   // ReadyForQuery: logged in
	done       bool   // it is our turn, or the end
}

// readPG reads messages as far as they are whole and make sense, after the answer to SSLRequest if there was one: a letter
// where a message would have its length.
func readPG(reply string) pgSaid {
	var said pgSaid
	if len(reply) > 1 && reply[1] != 0 && (reply[:1] == pgTLS || reply[:1] == pgNoTLS) {
		reply = reply[1:]
	}
	for c := (cursor{rest: reply}); !said.done; {
		kind := c.u8()
		body := cursor{rest: c.take(c.big(4) - 4)}
		if c.spent {
			break
		}
		switch kind {
		case 'R':
			said.auth = pgAuth(&body)
			said.done = said.auth != "trust"
		case 'S':
			if said.parameters == nil {
				said.parameters = map[string]string{}
			}
			said.parameters[body.zero()] = body.zero()
		case 'K', 'N':
		case 'E':
			said.readError(&body)
			said.done = true
		case 'Z':
			said.ready, said.done = said.auth == "trust", true
		default:
			said.done = true
		}
	}
	return said
}

func pgAuth(body *cursor) string {
	kind := body.big(4)
	switch {
	case body.spent:
		return ""
	case kind == 0 && body.rest == "":
		return "trust"
	case kind == 3 && body.rest == "":
		return "password"
	case kind == 5 && len(body.rest) == 4:
		return "md5"
	case kind == 7 || kind == 9:
		return "gss"
	case kind == 10:
		return strings.ToLower(body.zero()) // SASL: its first mechanism
	}
	return ""
}

// readError reads the fields of an ErrorResponse, each a letter and a string.
func (said *pgSaid) readError(body *cursor) {
	fields := map[byte]string{}
	for kind := body.u8(); kind != 0; kind = body.u8() {
		fields[kind] = body.zero()
	}
	if body.spent || body.rest != "" || fields['S'] == "" || len(fields['C']) != 5 || fields['M'] == "" {
		return
	}
	said.code, said.message = fields['C'], fields['M']
	if strings.HasSuffix(fields['F'], ".c") {
		said.routine = fields['F'] + " " + fields['R']
	}
}

func (said pgSaid) says() string {
	if said.code != "" {
		return "ErrorResponse to a startup message"
	}
	return "asks for authentication: " + text(said.auth)
}

// product names the server where it tells: the parameters of a login that was trusted, or the source file of an error. A
// mere request for a password might come from any of PostgreSQL's kin.
func (said pgSaid) product() (product, version string) {
	version, _, _ = strings.Cut(said.parameters["server_version"], " ")
	switch {
	case said.bounces():
		return "PgBouncer", ""
	case !said.ready && said.routine == "":
		return "", ""
	case said.parameters["crdb_version"] != "":
		return "CockroachDB", ""
	case strings.Contains(version, "-YB-"):
		_, version, _ = strings.Cut(version, "-YB-")
		return "YugabyteDB", text(version)
	}
	return "PostgreSQL", text(version)
}

// bounces tells the errors that PgBouncer gives itself, in words of its own and without a place in PostgreSQL's source.
func (said pgSaid) bounces() bool {
	return said.routine == "" && (said.message == "bouncer config error" || strings.HasPrefix(said.message, "no such database: ") ||
		said.message == "pgbouncer cannot connect to server")
}
