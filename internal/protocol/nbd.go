package protocol

import (
	"io"
	"strings"

	"rtevent"
)

// nbd greets with its magic; it is asked for the list of its exports, and left with the option that aborts.
var nbd = Def{
	Name:     "nbd",
	Ports:    []uint16{10809},
	Programs: []Program{{"nbd-server", "nbd-server"}, {"qemu-nbd", "QEMU"}, {"nbdkit", "nbdkit"}},
	Greets:   true,
	Talk: func(rw io.ReadWriter, heard string) string {
		heard = hear(rw, heard, func(heard string) bool { return len(heard) >= 18 })
		c := cursor{rest: heard}
		if magic := c.take(16); magic != nbdMagic || len(c.rest) != 2 {
			return heard
		}
		flags := string([]byte{0, 0, 0, c.rest[1] & 3})
		const list = "\x00\x00\x00\x03"
		return ask(rw, heard, flags+nbdOption+list+"\x00\x00\x00\x00", func(answer string) bool {
			_, done := nbdExports(answer)
			return done
		})
	},
	Bye: nbdOption + "\x00\x00\x00\x02" + "\x00\x00\x00\x00",
	Read: func(reply string) (rtevent.Finding, bool) {
		c := cursor{rest: reply}
		switch c.take(16) {
		case nbdMagic:
			if flags := c.big(2); c.spent || flags > 3 {
				return nothing()
			}
			f := strong("nbd", "greeting, newstyle", reply)
			exports, _ := nbdExports(c.rest)
			f.Details = details("exports", exports)
			return f, true
		case "NBDMAGIC\x00\x00\x42\x02\x81\x86\x12\x53":
			return strong("nbd", "greeting, oldstyle", reply), true
		}
		return nothing()
	},
}

const (
	nbdOption = "IHAVEOPT"
	nbdMagic  = "NBDMAGIC" + nbdOption
)

// nbdExports reads the names in the answers to the list, and whether they have ended.
func nbdExports(answers string) (names string, done bool) {
	const magic, server = "\x00\x03\xe8\x89\x04\x55\x65\xa9", 2
	var all []string
	for c := (cursor{rest: answers}); c.more(); {
		ok := c.take(8) == magic && c.big(4) == 3
		kind, data := c.big(4), cursor{rest: c.counted(4)}
		if c.spent || !ok {
			break
		}
		if kind != server {
			return strings.Join(all, " "), true
		}
		all = append(all, data.counted(4))
	}
	return strings.Join(all, " "), false
}
