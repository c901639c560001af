package protocol

import (
	"io"
	"strings"

	"rtevent"
)

// mysql greets with a packet that tells its version. Whoever leaves without answering it counts as a broken handshake,
// and after max_connect_errors of those the server shuts its host out. So we log in as a user that does not exist, are
// told so, and have done nothing worse than a mistyped name.
var mysql = Def{
	Name:     "mysql",
	Ports:    []uint16{3306, 3307},
	Programs: []Program{{"mysqld", ""}, {"mariadbd", "MariaDB"}},
	Greets:   true,
	Talk:     talkMySQL,
	StartTLS: mysqlStartTLS,
	Only:     true,
	Read:     readMySQL,
}

func readMySQL(reply string) (rtevent.Finding, bool) {
	c := cursor{rest: reply}
	packet, ok := mysqlPacket(&c, 0)
	if !ok {
		return nothing()
	}
	body := cursor{rest: packet}
	if body.u8() == 0xff {
		return mysqlRefuses(packet, reply)
	}
	greeting, ok := readMySQLGreeting(packet)
	if !ok {
		return nothing()
	}
	f := strong("mysql", "handshake of protocol 10", reply)
	f.Product, f.Version = "MySQL", text(greeting.version)
	if version, _, ok := strings.Cut(greeting.version, "-MariaDB"); ok {
		f.Product, f.Version = "MariaDB", text(strings.TrimPrefix(version, "5.5.5-")) // a number for old replicas
	}
	if version, _, ok := strings.Cut(greeting.version, "-id64-release ("); ok {
		f.Product, f.Version = "Sphinx", version // searchd, which speaks SphinxQL
	}
	answer, ok := mysqlAnswer(&c)
	f.Details = details("build", mysqlBuild(greeting.version), "plugin", greeting.plugin,
		"auth", when(ok && answer[0] == 0, "none"))
	return f, true
}

// mysqlAnswer reads the answer to a login: inside TLS, what asked for that has taken a number.
func mysqlAnswer(c *cursor) (packet string, ok bool) {
	before := c.rest
	if packet, ok = mysqlPacket(c, 2); ok {
		return packet, true
	}
	*c = cursor{rest: before}
	return mysqlPacket(c, 3)
}

// mysqlPacket reads a packet of a certain number in a dialogue.
func mysqlPacket(c *cursor, number byte) (string, bool) {
	length := c.little(3)
	n := c.u8()
	packet := c.take(length)
	return packet, !c.spent && n == number && packet != ""
}

type mysqlGreeting struct {
	version string
	secures bool   // offers TLS
	plugin  string // how it wants the password: "mysql_native_password"
}

func readMySQLGreeting(packet string) (g mysqlGreeting, ok bool) {
	const secures, pluginAuth = 1 << 11, 1 << 19
	c := cursor{rest: packet}
	protocol := c.u8()
	g.version = c.zero()
	c.take(4 + 8) // thread, first part of the scramble
	filler := c.u8()
	capabilities := c.little(2)
	c.take(1 + 2) // character set, status
	capabilities |= c.little(2) << 16
	scramble := int(c.u8())
	c.take(10)
	c.take(max(13, scramble-8))
	g.secures = capabilities&secures != 0
	if capabilities&pluginAuth != 0 {
		g.plugin = c.zero()
	}
	return g, !c.spent && protocol == 10 && filler == 0 && g.version != "" && isDigit(g.version[0]) && allOf(g.version, isPrint)
}

// mysqlBuild is what the packager adds to the version: "0+deb12u1" of "5.5.5-10.11.19-MariaDB-0+deb12u1".
func mysqlBuild(version string) string {
	if _, build, ok := strings.Cut(version, "-MariaDB-"); ok {
		return build
	}
	_, build, _ := strings.Cut(version, "-")
	if strings.HasSuffix(version, "-MariaDB") {
		return ""
	}
	return build
}

// mysqlRefuses reads the errors that come instead of a greeting: this host may not, is blocked, or there are too many.
func mysqlRefuses(packet, reply string) (rtevent.Finding, bool) {
	c := cursor{rest: packet}
	c.u8()
	code := c.little(2)
	message := c.rest
	if strings.HasPrefix(message, "#") {
		c.take(6) // SQLSTATE
		message = c.rest
	}
	if c.spent || code != 1040 && code != 1129 && code != 1130 && code != 1203 || !allOf(message, isPrint) {
		return nothing()
	}
	f := strong("mysql", "refuses before its greeting", reply)
	switch {
	case strings.HasSuffix(message, " to this MySQL server"):
		f.Product = "MySQL"
	case strings.HasSuffix(message, " to this MariaDB server"):
		f.Product = "MariaDB"
	}
	f.Details = details("message", message)
	return f, true
}

// What a client says of itself before its name: long password, protocol 4.1, secure connection, plugin authentication.
var (
	mysqlPlainClient  = "\x01\x82\x08\x00" + mysqlClient
	mysqlSecureClient = "\x01\x8a\x08\x00" + mysqlClient // and TLS
	mysqlClient       = "\x00\x00\x00\x01" + "\x2d" + strings.Repeat("\x00", 23)
)

// mysqlStartTLS is the login cut short before the name, which then comes inside.
var mysqlStartTLS = &StartTLS{
	First: true,
	Offered: func(heard string) bool {
		greeting, ok := mysqlGreets(heard)
		return ok && greeting.secures
	},
	Words: mysqlFrame(1, mysqlSecureClient),
	Talk: func(rw io.ReadWriter, heard string) string {
		return mysqlLogin(rw, heard, 2, mysqlSecureClient)
	},
}

func talkMySQL(rw io.ReadWriter, heard string) string {
	heard = hear(rw, heard, hasMySQLPacket(0))
	if _, ok := mysqlGreets(heard); !ok {
		return heard
	}
	return mysqlLogin(rw, heard, 1, mysqlPlainClient)
}

// mysqlGreets reads a greeting after which nothing was heard.
func mysqlGreets(heard string) (g mysqlGreeting, ok bool) {
	c := cursor{rest: heard}
	packet, _ := mysqlPacket(&c, 0)
	g, ok = readMySQLGreeting(packet)
	return g, ok && c.rest == ""
}

// mysqlLogin answers the greeting in a packet of that number, and every further question about the password with nothing,
// until the server says no. Should it say yes, it gets COM_QUIT.
func mysqlLogin(rw io.ReadWriter, heard string, number byte, client string) string {
	const most = 8 // packets
	words := client + "rtevent\x00" + "\x00" + "mysql_native_password\x00"
	for ; number < most; number += 2 {
		answer := ask(rw, "", mysqlFrame(number, words), hasMySQLPacket(number+1))
		heard += answer
		c := cursor{rest: answer}
		packet, ok := mysqlPacket(&c, number+1)
		switch {
		case !ok || packet[0] == 0xff:
			return heard
		case packet[0] == 0:
			io.WriteString(rw, mysqlFrame(0, "\x01"))
			return heard
		}
		words = ""
	}
	return heard
}

func mysqlFrame(number byte, packet string) string {
	return string([]byte{byte(len(packet)), byte(len(packet) >> 8), 0, number}) + packet
}

func hasMySQLPacket(number byte) func(string) bool {
	return func(heard string) bool {
		_, ok := mysqlPacket(&cursor{rest: heard}, number)
		return ok
	}
}
