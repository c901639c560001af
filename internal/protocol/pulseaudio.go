package protocol

import (
	"io"
	"strings"

	"rtevent"
)

// pulseaudio is joined as by a client that found no cookie, and asked about the server if it may
// (https://gitlab.freedesktop.org/pulseaudio/pulseaudio, PROTOCOL). Values come after a letter for their kind.
var pulseaudio = Def{
	Name:     "pulseaudio",
	Ports:    []uint16{4713},
	Programs: []Program{{"pulseaudio", "PulseAudio"}, {"pipewire-pulse", "PipeWire"}},
	Hello: "\x00\x00\x01\x14" + pulseHead + // AUTH: tag, version 13, cookie
		"L\x00\x00\x00\x08" + "L\x00\x00\x00\x00" + "L\x00\x00\x00\x0d" + "x\x00\x00\x01\x00" + strings.Repeat("\x00", 256),
	Talk: func(rw io.ReadWriter, heard string) string {
		c := cursor{rest: heard}
		if command, _ := pulsePacket(&c, 0); command != pulseReply || c.rest != "" {
			return heard
		}
		const info = "\x00\x00\x00\x0a" + pulseHead + "L\x00\x00\x00\x14" + "L\x00\x00\x00\x01"
		return ask(rw, heard, info, func(answer string) bool {
			c := cursor{rest: answer}
			pulsePacket(&c, 1)
			return !c.spent
		})
	},
	Manners: "xwxxw",
	Read: func(reply string) (rtevent.Finding, bool) {
		c := cursor{rest: reply}
		command, body := pulsePacket(&c, 0)
		if c.spent || body == "" || body[0] != 'L' || len(body) != 5 {
			return nothing()
		}
		switch command {
		case pulseError:
			f := strong("pulseaudio", "ERROR to AUTH", reply)
			f.Details = details("auth", when(body == "L\x00\x00\x00\x01", "required"))
			return f, true
		case pulseReply:
			f := strong("pulseaudio", "REPLY to AUTH", reply)
			if command, body = pulsePacket(&c, 1); command == pulseReply {
				f.Product, f.Version = pulseServer(body)
			}
			return f, true
		}
		return nothing()
	},
}

const (
	pulseHead = "\xff\xff\xff\xff" + "\x00\x00\x00\x00\x00\x00\x00\x00" + "\x00\x00\x00\x00" // no channel, no offset, no flags

	pulseError = 0
	pulseReply = 2
)

// pulsePacket reads the packet that answers the command of that tag.
func pulsePacket(c *cursor, tag int) (command int, body string) {
	length := c.big(4)
	head := c.take(len(pulseHead))
	p := cursor{rest: c.take(length)}
	first, command := p.u8(), p.big(4)
	second, answers := p.u8(), p.big(4)
	if c.spent || p.spent || head != pulseHead || first != 'L' || second != 'L' || answers != tag {
		c.take(-1)
		return -1, ""
	}
	return command, p.rest
}

// pulseServer reads the first two texts of what a server tells about itself: name and version of its package.
func pulseServer(body string) (product, version string) {
	c := cursor{rest: body}
	first := c.u8()
	name := c.zero()
	second := c.u8()
	version = c.zero()
	if c.spent || first != 't' || second != 't' {
		return "", ""
	}
	if _, after, ok := strings.Cut(name, "on PipeWire "); ok {
		version, _, _ = strings.Cut(after, ")")
		return "PipeWire", text(version)
	}
	if name == "pulseaudio" {
		name = "PulseAudio"
	}
	return text(name), text(version)
}
