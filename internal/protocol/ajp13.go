package protocol

import (
	"io"
	"strings"

	"rtevent"
)

// ajp13 is pinged as web servers do before they pass a request on, and then asked for the front page as by HTTP: the
// answer names the program.
var ajp13 = Def{
	Name:     "ajp13",
	Ports:    []uint16{8009},
	Programs: []Program{{"org.apache.catalina.startup.Bootstrap", "Apache Tomcat"}},
	Hello:    "\x12\x34\x00\x01\x0a",
	Talk: func(rw io.ReadWriter, heard string) string {
		if heard != ajpPong {
			return heard
		}
		return ask(rw, heard, ajpRequest, func(answer string) bool {
			_, whole := readAJP(answer)
			return whole
		})
	},
	Manners: "xxxxx",
	Read: func(reply string) (rtevent.Finding, bool) {
		answer, ok := strings.CutPrefix(reply, ajpPong)
		if !ok {
			return nothing()
		}
		f := strong("ajp13", "CPong", reply)
		head, whole := readAJP(answer)
		if whole {
			f.Product, f.Version = httpPlatform(head)
		}
		f.Details = details("status", head.status, "title", head.title())
		return f, true
	},
}

const ajpPong = "AB\x00\x01\x09"

// ajpRequest is a forwarded GET.
var ajpRequest = func() string {
	str := func(s string) string { return "\x00" + string([]byte{byte(len(s))}) + s + "\x00" }
	request := "\x02\x02" + str("HTTP/1.0") + str("/") + str("127.0.0.1") + "\xff\xff" + str("localhost") + "\x00\x50" + "\x00" +
		"\x00\x01" + "\xa0\x0e" + str("rtevent") + // one header: User-Agent
		"\xff"
	return "\x12\x34\x00" + string([]byte{byte(len(request))}) + request
}()

// readAJP reads an answer as one of HTTP, as far as it goes.
func readAJP(reply string) (head httpHead, whole bool) {
	const sendHeaders, sendBody, end = 4, 3, 5
	var fields, body strings.Builder
	for c := (cursor{rest: reply}); c.more() && c.take(2) == "AB"; {
		packet := cursor{rest: c.counted(2)}
		switch packet.u8() {
		case sendHeaders:
			head.status = dotted(packet.big(2))
			head.line = "HTTP/1.1 " + head.status + " "
			packet.counted(2) // in words
			packet.take(1)
			for n := packet.big(2); n > 0 && packet.more(); n-- {
				fields.WriteString(ajpField(&packet))
			}
		case sendBody:
			body.WriteString(packet.counted(2))
		case end:
			whole = !c.spent && head.status != ""
		}
	}
	head.fields, head.body, head.whole = fields.String(), body.String(), whole
	return head, whole
}

// ajpField reads a header field, of which the usual have numbers for names.
func ajpField(c *cursor) string {
	name := ""
	if code := c.big(2); code>>8 == 0xa0 {
		name = ajpNames[code&0xff]
	} else {
		name = c.take(code)
		c.take(1)
	}
	value := c.counted(2)
	c.take(1)
	return name + ": " + value + "\r\n"
}

var ajpNames = map[int]string{
	1: "Content-Type", 2: "Content-Language", 3: "Content-Length", 4: "Date", 5: "Last-Modified", 6: "Location", 7: "Set-Cookie",
	8: "Set-Cookie2", 9: "Servlet-Engine", 10: "Status", 11: "WWW-Authenticate",
}
