package protocol

import (
	"strings"

	"rtevent"
)

// fastcgi is asked for its limits (FCGI_GET_VALUES), which runs no program; and then, as a web server does whose visitor
// mistyped, for a script that is not there: PHP says so in words of its own.
var fastcgi = Def{
	Name:     "fastcgi",
	Ports:    []uint16{9000},
	Programs: []Program{{"php-fpm", "PHP-FPM"}, {"php-cgi", "PHP"}, {"hhvm", "HHVM"}, {"fcgiwrap", "fcgiwrap"}, {"spawn-fcgi", ""}},
	Hello: "\x01\x09\x00\x00\x00\x30\x00\x00" +
		"\x0e\x00FCGI_MAX_CONNS" + "\x0d\x00FCGI_MAX_REQS" + "\x0f\x00FCGI_MPXS_CONNS",
	Manners: "xwxxx",
	Next: func(heard string) []Question {
		if !strings.HasPrefix(heard, "\x01\x0a\x00\x00") {
			return nil
		}
		return []Question{{Name: "no script", Words: fastcgiRequest, Read: readFastCGIAnswer}}
	},
	Read: func(reply string) (rtevent.Finding, bool) {
		c := cursor{rest: reply}
		version, kind, request, length, padding := c.u8(), c.u8(), c.big(2), c.big(2), int(c.u8())
		c.take(1)
		values := cursor{rest: c.take(length)}
		c.take(padding)
		const result, unknown = 10, 11
		if c.spent || c.rest != "" || version != 1 || request != 0 {
			return nothing()
		}
		switch {
		case kind == unknown && length == 8 && values.u8() == 9:
			return strong("fastcgi", "FCGI_UNKNOWN_TYPE", reply), true
		case kind == result:
			f := strong("fastcgi", "FCGI_GET_VALUES_RESULT", reply)
			for values.more() {
				name, value := int(values.u8()), int(values.u8())
				if name := values.take(name); !strings.HasPrefix(name, "FCGI_") {
					return nothing()
				}
				values.take(value)
			}
			return f, !values.spent
		}
		return nothing()
	},
}

// fastcgiRequest asks for a page whose script nobody has: a request of its own, without body.
var fastcgiRequest = fastcgiRecord(1, "\x00\x01\x00\x00\x00\x00\x00\x00") + fastcgiRecord(4,
	fastcgiPair("GATEWAY_INTERFACE", "CGI/1.1")+fastcgiPair("SERVER_PROTOCOL", "HTTP/1.0")+fastcgiPair("REQUEST_METHOD", "GET")+
		fastcgiPair("SCRIPT_FILENAME", fastcgiScript)+fastcgiPair("SCRIPT_NAME", fastcgiScript)+fastcgiPair("REQUEST_URI", fastcgiScript)) +
	fastcgiRecord(4, "") + fastcgiRecord(5, "")

const fastcgiScript = "/rtevent-asks-who-is-there.php"

// fastcgiRecord is a record of the first request.
func fastcgiRecord(kind byte, content string) string {
	return string([]byte{1, kind, 0, 1, byte(len(content) >> 8), byte(len(content)), 0, 0}) + content
}

func fastcgiPair(name, value string) string {
	return string([]byte{byte(len(name)), byte(len(value))}) + name + value
}

// readFastCGIAnswer reads the answer to the request: what the program wrote is the head of an HTTP answer and a body.
func readFastCGIAnswer(reply string) (rtevent.Finding, bool) {
	const toOutput, toErrors, end = 6, 7, 3
	output, errors, ended := "", "", false
	for c := (cursor{rest: reply}); c.more() && !c.spent; {
		version, kind, request, length, padding := c.u8(), c.u8(), c.big(2), c.big(2), int(c.u8())
		c.take(1)
		content := c.take(length)
		c.take(padding)
		if version != 1 || request != 1 {
			return nothing()
		}
		switch kind {
		case toOutput:
			output += content
		case toErrors:
			errors += content
		case end:
			ended = !c.spent
		}
	}
	if !ended {
		return nothing()
	}
	f := strong("fastcgi", "the answer to a request of FastCGI", reply)
	if strings.HasPrefix(errors, "Primary script unknown") && strings.HasSuffix(output, "\r\n\r\nFile not found.\n") {
		f.Product = "PHP-FPM"
	}
	return f, true
}
