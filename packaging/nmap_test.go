package packaging

import (
	"encoding/xml"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

// named is what nmap makes of a port.
type named struct {
	Name    string `xml:"name,attr"`
	Product string `xml:"product,attr"`
	Version string `xml:"version,attr"`
	Info    string `xml:"extrainfo,attr"`
	Host    string `xml:"hostname,attr"`
	Tunnel  string `xml:"tunnel,attr"`
}

// TestNmap has nmap name servers by our probe file alone, on ports that say nothing.
func TestNmap(t *testing.T) {
	nmap := tool(t, "nmap")
	overHTTP := func(server string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Server", server) }))
		t.Cleanup(s.Close)
		_, port, err := net.SplitHostPort(s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		return port
	}
	_, plain := serve(t, false)
	_, secure := serve(t, true)
	read(t, "nmap/rt-event-service-probes")
	for _, c := range []struct {
		what, port string
		want       named
	}{
		{"our server", plain, named{Name: "rt-event", Product: "rtevent", Version: "0.1.0", Info: "rt-event protocol 1", Host: "web1"}},
		{"our server in TLS", secure, named{Name: "rt-event", Product: "rtevent", Version: "0.1.0", Info: "rt-event protocol 1", Host: "web1", Tunnel: "ssl"}},
		{"one that greets by HTTP only", overHTTP("other/2.1 rt-event/1"), named{Name: "rt-event", Product: "other", Version: "2.1", Info: "rt-event protocol 1 over HTTP"}},
		{"another server", overHTTP("nginx/1.22.1"), named{Name: "unknown"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			out := mustRun(t, nmap, "-n", "-Pn", "-sV", "--versiondb", "nmap/rt-event-service-probes", "-p", c.port, "-oX", "-", "127.0.0.1")
			var scan struct {
				Services []named `xml:"host>ports>port>service"`
			}
			if err := xml.Unmarshal([]byte(out), &scan); err != nil {
				t.Fatal(err)
			}
			if len(scan.Services) == 0 && c.want.Name == "unknown" {
				return
			}
			if len(scan.Services) != 1 || scan.Services[0] != c.want {
				t.Errorf("nmap says %+v, want %+v", scan.Services, c.want)
			}
		})
	}
}
