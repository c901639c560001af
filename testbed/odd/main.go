// Command odd runs one small server that speaks no known protocol, or an old acquaintance in an unusual way, to see
// what a stranger makes of it:
//
//	go run ./testbed/odd silent 127.0.0.1:3706
//
// It prints a line for its address and one for each connection, so that whoever asks it can be counted. It serves until
// it is ended.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "odd:", err)
		os.Exit(1)
	}
}

func run(args []string, out, help io.Writer) error {
	flags := flag.NewFlagSet("odd", flag.ContinueOnError)
	flags.SetOutput(help)
	secure := flags.Bool("tls", false, "speak inside TLS, with a self-signed certificate")
	udp := flags.Bool("udp", false, "speak over UDP (silent and echo only)")
	flags.Usage = func() { usage(flags) }
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if flags.NArg() != 2 {
		flags.Usage()
		return errors.New("a kind and an address are needed")
	}
	kind, address := flags.Arg(0), flags.Arg(1)
	if *udp {
		return serveUDP(kind, address, out)
	}
	ln, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	defer ln.Close()
	return serveTCP(kind, *secure, counted{ln, out, new(int)})
}

func usage(flags *flag.FlagSet) {
	fmt.Fprintln(flags.Output(), "usage: odd [-tls | -udp] KIND ADDRESS\n\nkinds:")
	for _, k := range kinds {
		fmt.Fprintf(flags.Output(), "  %-15s %s\n", k.name, k.does)
	}
	flags.PrintDefaults()
}

func serveTCP(name string, secure bool, ln counted) error {
	k, ok := kindNamed(name)
	if !ok {
		return fmt.Errorf("no kind is called %q; there are: %s", name, strings.Join(kindNames(), ", "))
	}
	fmt.Fprintln(ln.out, "listening on", ln.Addr())
	if name == "http" {
		return serveHTTP(ln, secure)
	}
	var l net.Listener = ln
	if secure {
		var err error
		if l, err = secured(ln); err != nil {
			return err
		}
	}
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			k.serve(c)
		}()
	}
}

// counted prints a line for each connection. Accept is called by one goroutine only.
type counted struct {
	net.Listener
	out io.Writer
	n   *int
}

func (l counted) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		*l.n++
		fmt.Fprintf(l.out, "connection %d from %s\n", *l.n, c.RemoteAddr())
	}
	return c, err
}

func serveUDP(kind, address string, out io.Writer) error {
	if kind != "silent" && kind != "echo" {
		return fmt.Errorf("%s is not spoken over UDP", kind)
	}
	c, err := net.ListenPacket("udp", address)
	if err != nil {
		return err
	}
	defer c.Close()
	fmt.Fprintln(out, "listening on", c.LocalAddr())
	buf := make([]byte, 64<<10)
	for {
		n, from, err := c.ReadFrom(buf)
		if err != nil {
			return err
		}
		if kind == "echo" {
			c.WriteTo(buf[:n], from)
		}
	}
}
