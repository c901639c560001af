// Servers made of rules: whatever they are told, they make something of it that no protocol is, or nothing.

package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"time"
	"unicode"

	"rtevent"
	"rtevent/internal/transcript"
)

// rules are what servers make of what they are told.
var rules = []struct {
	name  string
	treat peer
}{
	{"echo after a prompt", answering("> ", func(said string) string { return said + "> " })},
	{"echo of the first line", answering("", func(said string) string { line, _, _ := strings.Cut(said, "\n"); return line + "\n" })},
	{"echo of 14 bytes", answering("", func(said string) string { return said[:min(len(said), 14)] })},
	{"echo in capitals", answering("", strings.ToUpper)},
	{"echo backwards", answering("", backwards)},
	{"echo with bits flipped", answering("", func(said string) string { return each(said, func(b byte) byte { return ^b }) })},
	{"echo with the first bit set", answering("", func(said string) string { return each(said, func(b byte) byte { return b | 0x80 }) })},
	{"echo in frames of 16 bits", answering("", func(said string) string { return string(binary.BigEndian.AppendUint16(nil, uint16(len(said)))) + said })},
	{"echo in frames of 32 bits", answering("", func(said string) string { return string(binary.BigEndian.AppendUint32(nil, uint32(len(said)))) + said })},
	{"echo in frames of 32 bits, little end first", answering("", func(said string) string {
		return string(binary.LittleEndian.AppendUint32(nil, uint32(len(said)))) + said
	})},
	{"echo in JSON", answering("", func(said string) string { return fmt.Sprintf("{\"you\":%q}\n", said) })},
	{"echo in an error", answering("", func(said string) string { return "ERROR unknown command: " + said })},
	{"counts lines", counting},
	{"speaks about FTP", constant("220 no FTP here, try SSH\r\n")},
	{"speaks about SMTP", constant("220 welcome to the SMTP museum\r\n")},
	{"speaks about POP3", constant("+OK this is no POP3 server\r\n")},
	{"speaks about IMAP", constant("* OK we gave up IMAP\r\n")},
	{"a length and nothing", answering("", func(string) string { return "\x00\x00\x00\x10" })},
	{"a length as greeting", constant("\x00\x00\x00\x10")},
}

// liveServers are the same in every run.
func liveServers(secure *tls.Config) []server {
	var servers []server
	add := func(name, protocol string, treat peer) {
		servers = append(servers, server{
			name: name, kind: live, over: transcript.TCP, truth: rtevent.Finding{Protocol: protocol},
			start: talking(transcript.TCP, secure, treat),
		})
	}
	for _, r := range rules {
		add(r.name, "", r.treat)
	}
	add("character generator", "chargen", chargen)
	for seed := range uint64(12) {
		add(fmt.Sprintf("noise %d, greets", seed), "", noise(seed, true))
		add(fmt.Sprintf("noise %d, answers", seed), "", noise(seed, false))
	}
	return servers
}

// answering greets, and then makes an answer of what it is told.
func answering(greeting string, answer func(said string) string) peer {
	return func(c net.Conn) {
		say := greeting
		buf := make([]byte, 16<<10)
		for {
			if _, err := io.WriteString(c, say); err != nil {
				return
			}
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			say = answer(string(buf[:n]))
		}
	}
}

// constant says the same as greeting and as every answer.
func constant(words string) peer { return answering(words, func(string) string { return words }) }

// says says what a look-alike says, turn by turn and the last again and again, to those whom it hears.
func says(t *transcript.Transcript, hears func(said string) bool) peer {
	var turns []string
	ends := false
	for _, turn := range t.Turns {
		ends = ends || turn.Close
		if turn.By == transcript.Server && !turn.Close {
			turns = append(turns, turn.Data)
		}
	}
	return func(c net.Conn) {
		next, buf := 0, make([]byte, 16<<10)
		say := func() bool {
			if len(turns) == 0 {
				return false
			}
			_, err := io.WriteString(c, turns[min(next, len(turns)-1)])
			next++
			return err == nil && !(ends && next >= len(turns))
		}
		if opening(t) == "" && !say() {
			return
		}
		for {
			n, err := c.Read(buf)
			if err != nil || hears(string(buf[:n])) && !say() {
				return
			}
		}
	}
}

// answerAny answers each datagram with all that a look-alike says.
func answerAny(t *transcript.Transcript) func(context.Context, net.PacketConn) error {
	return func(ctx context.Context, conn net.PacketConn) error {
		defer context.AfterFunc(ctx, func() { conn.Close() })()
		buf := make([]byte, 64<<10)
		for {
			_, from, err := conn.ReadFrom(buf)
			if errors.Is(err, net.ErrClosed) {
				return nil
			} else if err != nil {
				return fmt.Errorf("receive: %w", err)
			}
			for _, turn := range t.Turns {
				if turn.By == transcript.Server {
					conn.WriteTo([]byte(turn.Data), from) // the client may be gone, which is its own affair
				}
			}
		}
	}
}

// chargen sends the lines of RFC 864 without end, at the pace of a fast terminal.
func chargen(c net.Conn) {
	ring := ""
	for b := byte(' '); b <= '~'; b++ {
		ring += string(rune(b))
	}
	for i := 0; ; i = (i + 1) % len(ring) {
		if _, err := io.WriteString(c, (ring + ring)[i:i+72]+"\r\n"); err != nil {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// counting answers every line with another.
func counting(c net.Conn) {
	n := 0
	answering("", func(said string) string {
		n++
		return fmt.Sprintf("%d: %d bytes are no command\n", n, len(said))
	})(c)
}

// noise says bytes that are random, and the same in every run.
func noise(seed uint64, greets bool) peer {
	return func(c net.Conn) {
		random := rand.New(rand.NewPCG(seed, 3706))
		some := func(string) string {
			b := make([]byte, 1+random.IntN(300))
			for i := range b {
				b[i] = byte(random.Uint32())
			}
			return string(b)
		}
		greeting := ""
		if greets {
			greeting = some("")
		}
		answering(greeting, some)(c)
	}
}

func backwards(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}

func each(s string, change func(byte) byte) string {
	b := bytes.Clone([]byte(s))
	for i := range b {
		b[i] = change(b[i])
	}
	return string(b)
}

func isText(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII || r < ' ' && r != '\r' && r != '\n' && r != '\t' })
}
