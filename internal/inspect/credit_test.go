package inspect

import (
	"testing"

	"rtevent"
)

func TestCredit(t *testing.T) {
	pkg := func(name, version string) *rtevent.Package {
		return &rtevent.Package{Manager: "dpkg", Name: name, Version: version}
	}
	redis := rtevent.Owner{Exe: "/usr/bin/redis-server", Package: pkg("redis-server", "5:7.0.15-1~deb12u1")}
	for _, c := range []struct {
		name    string
		finding rtevent.Finding
		owner   rtevent.Owner
		want    rtevent.Finding
	}{
		{"the version is hidden", rtevent.Finding{Protocol: "redis", Product: "Redis"}, redis,
			rtevent.Finding{Protocol: "redis", Product: "Redis", Version: "7.0.15", VersionFrom: "package"}},
		{"the product is hidden, too", rtevent.Finding{Protocol: "redis"}, redis,
			rtevent.Finding{Protocol: "redis", Product: "Redis", ProductFrom: "owner", Version: "7.0.15", VersionFrom: "package"}},
		{"the wire tells", rtevent.Finding{Protocol: "redis", Product: "Redis", Version: "7.2"}, redis,
			rtevent.Finding{Protocol: "redis", Product: "Redis", Version: "7.2"}},
		{"the wire tells another product", rtevent.Finding{Protocol: "redis", Product: "Valkey"}, redis,
			rtevent.Finding{Protocol: "redis", Product: "Valkey"}},
		{"the protocol is unknown", rtevent.Finding{}, redis, rtevent.Finding{}},
		{"a go-between holds it", rtevent.Finding{Protocol: "redis"},
			rtevent.Owner{Exe: "/usr/bin/stunnel4", Package: pkg("stunnel4", "5.68-2")}, rtevent.Finding{Protocol: "redis"}},
		{"a library is no product", rtevent.Finding{Protocol: "http", Product: "Go net/http"},
			rtevent.Owner{Exe: "/usr/sbin/nats-server", Package: pkg("nats-server", "2.9.10-1")},
			rtevent.Finding{Protocol: "http", Product: "NATS", ProductFrom: "owner", Version: "2.9.10", VersionFrom: "package"}},
		{"the language's own server", rtevent.Finding{Protocol: "http", Product: "Go net/http"},
			rtevent.Owner{Exe: "/srv/billing", Program: &rtevent.Program{Kind: "go", Name: "acme/billing", Version: "v1.4.2", Runtime: "1.22.1"}},
			rtevent.Finding{Protocol: "http", Product: "Go net/http", Version: "1.22.1", VersionFrom: "build"}},
		{"an unknown program", rtevent.Finding{Protocol: "http"},
			rtevent.Owner{Exe: "/usr/bin/thing", Package: pkg("thing", "1.0-1")}, rtevent.Finding{Protocol: "http"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := c.finding
			credit(&got, []rtevent.Owner{c.owner})
			if got.Product != c.want.Product || got.Version != c.want.Version || got.VersionFrom != c.want.VersionFrom || got.ProductFrom != c.want.ProductFrom {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}
