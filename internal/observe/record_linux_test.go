package observe

import (
	"bytes"
	"encoding/binary"
	"flag"
	"io"
	"net"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

var recordFlag = flag.Bool("record", false, "record what this kernel says of some sockets into testdata")

// TestRecord makes the files that the tests of the parsers read, in a network namespace of its own.
func TestRecord(t *testing.T) {
	if !*recordFlag {
		t.Skip("run with -record to make testdata anew")
	}
	var failed error
	onThread(func() { failed = recordRoom(t) })
	if failed != nil {
		t.Fatal(failed)
	}
}

func recordRoom(t *testing.T) error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return err
	}
	if err := raiseLoopback(); err != nil {
		return err
	}
	stream := func(where unix.Sockaddr, family int, device string) {
		fd := rawSocket(t, family, unix.SOCK_STREAM, 0)
		if device != "" {
			unix.BindToDevice(fd, device)
		}
		listenRaw(t, fd, where)
	}
	any6, loopback6, mapped := [16]byte{}, [16]byte{15: 1}, [16]byte{10: 0xff, 0xff, 127, 0, 0, 1}
	stream(&unix.SockaddrInet4{Port: 80}, unix.AF_INET, "")
	stream(&unix.SockaddrInet4{Port: 8080, Addr: [4]byte{127, 0, 0, 1}}, unix.AF_INET, "")
	stream(&unix.SockaddrInet4{Port: 7000}, unix.AF_INET, "lo")
	stream(&unix.SockaddrInet6{Port: 443, Addr: any6}, unix.AF_INET6, "")
	stream(&unix.SockaddrInet6{Port: 8443, Addr: loopback6}, unix.AF_INET6, "")
	stream(&unix.SockaddrInet6{Port: 9000, Addr: mapped}, unix.AF_INET6, "")
	for _, address := range []string{"127.0.0.1:53", "127.0.0.1:40000", "[::]:5353"} {
		conn, err := net.ListenPacket("udp", address)
		if err != nil {
			return err
		}
		defer conn.Close()
	}
	for _, network := range []string{"tcp", "udp"} {
		conn, err := net.Dial(network, "127.0.0.1:8080")
		if err != nil {
			return err
		}
		defer conn.Close()
	}
	if err := recordViews(); err != nil {
		return err
	}
	return recordIterator()
}

func recordViews() error {
	d, err := openDiag()
	if err != nil {
		return err
	}
	defer d.close()
	for i, table := range tables {
		var answer []byte
		request := diagRequest(uint32(i+1), table.family, table.protocol(), 1<<table.state())
		if err := unix.Sendto(d.fd, request, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
			return err
		}
		for whole := (dump{sequence: uint32(i + 1)}); !whole.done; {
			n, _, err := unix.Recvfrom(d.fd, d.buffer, 0)
			if err != nil {
				return err
			}
			answer = append(answer, d.buffer[:n]...)
			if err := whole.read(d.buffer[:n]); err != nil {
				return err
			}
		}
		shown, err := os.ReadFile("/proc/thread-self/net/" + table.name)
		if err != nil {
			return err
		}
		if err := os.WriteFile("testdata/"+table.name+".netlink", answer, 0o644); err != nil {
			return err
		}
		if err := os.WriteFile("testdata/"+table.name+".proc", shown, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// recordIterator keeps the records of this namespace only.
func recordIterator() error {
	var here unix.Stat_t
	if err := unix.Stat("/proc/thread-self/ns/net", &here); err != nil {
		return err
	}
	p, err := loadProgram()
	if err != nil {
		return err
	}
	defer p.close()
	r, err := p.link.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	all, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	var kept bytes.Buffer
	for ; len(all) >= recordSize; all = all[recordSize:] {
		if uint64(binary.LittleEndian.Uint32(all[24:])) == here.Ino {
			kept.Write(all[:recordSize])
		}
	}
	return os.WriteFile("testdata/holders.records", kept.Bytes(), 0o644)
}
