package observe

import (
	"bytes"
	"testing"
)

// The parsers read what the kernel, or whoever stands in for it, says: no bytes may make them panic or run on.

func FuzzNetlink(f *testing.F) {
	for _, table := range tables {
		f.Add(readTestdata(f, table.name+".netlink"))
	}
	f.Fuzz(func(t *testing.T, datagram []byte) {
		for sequence := range uint32(3) {
			answer := dump{sequence: sequence}
			answer.read(datagram)
			for _, s := range answer.sockets {
				if !s.address.IsValid() || s.transport == "" {
					t.Errorf("%+v", s)
				}
			}
		}
	})
}

func FuzzTable(f *testing.F) {
	for i, table := range tables {
		f.Add(readTestdata(f, table.name+".proc"), uint8(i))
	}
	f.Fuzz(func(t *testing.T, text []byte, i uint8) {
		tables[int(i)%len(tables)].read(bytes.NewReader(text), true, func(s socket) {
			if !s.address.IsValid() {
				t.Errorf("%+v", s)
			}
		})
	})
}

func FuzzRecord(f *testing.F) {
	f.Add(readTestdata(f, "holders.records"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, ok := parseRecord(b); ok && (!r.address.IsValid() || r.transport == "") {
			t.Errorf("%+v", r)
		}
	})
}

func FuzzProc(f *testing.F) {
	f.Add([]byte(`24 22 0:4 net:[4026532281] /run/netns/blue\040room rw shared:7 - nsfs nsfs rw`))
	f.Add([]byte("socket:[123]"))
	f.Add([]byte("32768\t60999\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, m := range parseMounts(b, "nsfs", "proc") {
			m.hidepid()
		}
		bracketed(b, "socket")
		unitOf(string(b))
		parsePortRange(b)
		number(b)
		dirents(b, func(_ uint64, _ byte, name []byte) bool { return len(name) < 100 })
	})
}
