package cli

import (
	"bufio"
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"rtevent"
	"rtevent/internal/probe"
	"rtevent/internal/protocol"
	"rtevent/internal/sweep"
	"rtevent/internal/words"
)

// xmlOutput writes what was found as nmap -oX does, by its DTD, so that whatever reads that takes it in. It is written
// at the end: nmap groups ports by host, and here they come as they are known.
type xmlOutput struct {
	out   *bufio.Writer
	file  *os.File // nil for standard output
	run   nmapRun
	hosts map[netip.Addr]int // where in run.Hosts
	tried map[rtevent.Transport]*[1 << 16]bool
}

func newXMLOutput(name string, stdout io.Writer) (*xmlOutput, error) {
	x := &xmlOutput{hosts: map[netip.Addr]int{}, tried: map[rtevent.Transport]*[1 << 16]bool{rtevent.TCP: {}, rtevent.UDP: {}}}
	x.run.Start = time.Now().Unix()
	if name == "-" {
		x.out = bufio.NewWriter(stdout)
		return x, nil
	}
	file, err := os.Create(name)
	if err != nil {
		return nil, badInput("name a file that can be written", "-oX: %v", err)
	}
	x.file, x.out = file, bufio.NewWriter(file)
	return x, nil
}

// The elements of nmap's XML that a sweep with identification fills, in the order of the DTD.
type (
	nmapRun struct {
		XMLName   xml.Name   `xml:"nmaprun"`
		Scanner   string     `xml:"scanner,attr"` // the DTD knows no other than nmap
		Args      string     `xml:"args,attr"`
		Start     int64      `xml:"start,attr"`
		Version   string     `xml:"version,attr"`
		XMLOutput string     `xml:"xmloutputversion,attr"`
		ScanInfo  []nmapScan `xml:"scaninfo"`
		Verbose   nmapLevel  `xml:"verbose"`
		Debugging nmapLevel  `xml:"debugging"`
		Hosts     []nmapHost `xml:"host"`
		Stats     nmapStats  `xml:"runstats"`
	}
	nmapScan struct {
		Type     string            `xml:"type,attr"`
		Protocol rtevent.Transport `xml:"protocol,attr"`
		Number   int               `xml:"numservices,attr"`
		Services string            `xml:"services,attr"`
	}
	nmapLevel struct {
		Level int `xml:"level,attr"`
	}
	nmapHost struct {
		Status    nmapStatus     `xml:"status"`
		Address   nmapAddress    `xml:"address"`
		HostNames []nmapHostName `xml:"hostnames>hostname"`
		Extra     []nmapExtra    `xml:"ports>extraports"`
		Ports     []nmapPort     `xml:"ports>port"`
	}
	nmapStatus struct {
		State  string `xml:"state,attr"`
		Reason string `xml:"reason,attr"`
		TTL    int    `xml:"reason_ttl,attr"`
	}
	nmapAddress struct {
		Address string `xml:"addr,attr"`
		Type    string `xml:"addrtype,attr"`
	}
	nmapHostName struct {
		Name string `xml:"name,attr"`
		Type string `xml:"type,attr"`
	}
	nmapExtra struct {
		State rtevent.State `xml:"state,attr"`
		Count int           `xml:"count,attr"`
	}
	nmapPort struct {
		Protocol rtevent.Transport `xml:"protocol,attr"`
		Port     uint16            `xml:"portid,attr"`
		State    nmapState         `xml:"state"`
		Service  *nmapService      `xml:"service"`
	}
	nmapState struct {
		State  rtevent.State `xml:"state,attr"`
		Reason string        `xml:"reason,attr"`
		TTL    int           `xml:"reason_ttl,attr"`
	}
	nmapService struct {
		Name    string   `xml:"name,attr"`
		Product string   `xml:"product,attr,omitempty"`
		Version string   `xml:"version,attr,omitempty"`
		Tunnel  string   `xml:"tunnel,attr,omitempty"`
		Method  string   `xml:"method,attr"`
		Conf    int      `xml:"conf,attr"`
		CPE     []string `xml:"cpe"`
	}
	nmapStats struct {
		Finished nmapFinished `xml:"finished"`
		Hosts    nmapHosts    `xml:"hosts"`
	}
	nmapFinished struct {
		Time    int64  `xml:"time,attr"`
		Elapsed string `xml:"elapsed,attr"`
		Summary string `xml:"summary,attr"`
		Exit    string `xml:"exit,attr"`
		Error   string `xml:"errormsg,attr,omitempty"`
	}
	nmapHosts struct {
		Up    int `xml:"up,attr"`
		Down  int `xml:"down,attr"`
		Total int `xml:"total,attr"`
	}
)

func (x *xmlOutput) row(r probe.Result) {
	h := x.host(r.Endpoint)
	if r.AnswersEverywhere {
		return // its open ports say nothing, and the DTD has no word for it
	}
	x.tried[r.Transport][r.Port] = true
	if r.State == rtevent.Open || r.State == rtevent.Closed {
		h.Status = nmapStatus{State: "up", Reason: reasonOf(r.Endpoint)}
	}
	if !r.Listed {
		h.count(r.State)
		return
	}
	h.Ports = append(h.Ports, nmapPort{
		Protocol: r.Transport, Port: r.Port,
		State:   nmapState{State: r.State, Reason: reasonOf(r.Endpoint)},
		Service: serviceOf(r.Endpoint),
	})
}

func (x *xmlOutput) host(e rtevent.Endpoint) *nmapHost {
	i, known := x.hosts[e.Address]
	if !known {
		h := nmapHost{Status: nmapStatus{State: "unknown", Reason: "no-response"}, Address: nmapAddress{e.Address.WithZone("").String(), "ipv4"}}
		if e.Address.Is6() {
			h.Address.Type = "ipv6"
		}
		i = len(x.run.Hosts)
		x.hosts[e.Address] = i
		x.run.Hosts = append(x.run.Hosts, h)
	}
	h := &x.run.Hosts[i]
	if name := (nmapHostName{clear(e.Target), "user"}); e.Target != e.Address.String() && !slices.Contains(h.HostNames, name) {
		h.HostNames = append(h.HostNames, name)
	}
	return h
}

func (h *nmapHost) count(s rtevent.State) {
	i := slices.IndexFunc(h.Extra, func(e nmapExtra) bool { return e.State == s })
	if i < 0 {
		h.Extra = append(h.Extra, nmapExtra{State: s})
		i = len(h.Extra) - 1
	}
	h.Extra[i].Count++
}

// reasonOf is nmap's word for what tells the state of a port.
func reasonOf(e rtevent.Endpoint) string {
	switch {
	case e.State == rtevent.Open && e.Transport == rtevent.UDP:
		return "udp-response"
	case e.State == rtevent.Open:
		return "syn-ack"
	case e.State == rtevent.Closed && e.Transport == rtevent.UDP:
		return "port-unreach"
	case e.State == rtevent.Closed:
		return "conn-refused"
	case e.Why == "no answer" || e.State == rtevent.OpenFiltered:
		return "no-response"
	default:
		return "host-unreach"
	}
}

// serviceOf says what answers, as probed; or what the registry claims, as a table. Never one for the other.
func serviceOf(e rtevent.Endpoint) *nmapService {
	if f := e.Finding; f.Known() {
		s := &nmapService{Name: clear(f.Protocol), Product: clear(f.Product), Version: clear(f.Version), Method: "probed", Conf: 5}
		if f.Confidence == rtevent.Strong {
			s.Conf = 10
		}
		if f.TLS != nil {
			s.Tunnel = "ssl"
		}
		if f.Protocol == "tls" {
			s.Name = "unknown"
		}
		if cpe := protocol.CPEURI(f); cpe != "" {
			s.CPE = []string{cpe}
		}
		return s
	}
	if e.Claim == nil || e.Claim.Name == "" {
		return nil
	}
	return &nmapService{Name: clear(e.Claim.Name), Method: "table", Conf: 3}
}

// clear leaves nothing in a text that XML could not carry or a terminal would obey.
func clear(s string) string { return words.Printable(strings.ToValidUTF8(s, "?")) }

func (x *xmlOutput) end(total probeTotal) error {
	x.finish(total)
	fmt.Fprint(x.out, xml.Header, "<!DOCTYPE nmaprun>\n<!-- written by rtevent probe -->\n")
	encoder := xml.NewEncoder(x.out)
	encoder.Indent("", " ")
	err := encoder.Encode(x.run)
	fmt.Fprintln(x.out)
	if err == nil {
		err = x.out.Flush()
	}
	if x.file != nil {
		if closing := x.file.Close(); err == nil {
			err = closing
		}
	}
	if err != nil {
		return fmt.Errorf("-oX: %w", err)
	}
	return nil
}

func (x *xmlOutput) finish(total probeTotal) {
	r := &x.run
	r.Scanner, r.Version, r.XMLOutput = "nmap", "rtevent", "1.05"
	r.Args = clear(strings.Join(os.Args, " "))
	for _, s := range []nmapScan{{Type: "connect", Protocol: rtevent.TCP}, {Type: "udp", Protocol: rtevent.UDP}} {
		if s.Number, s.Services = servicesOf(x.tried[s.Protocol]); s.Number > 0 {
			r.ScanInfo = append(r.ScanInfo, s)
		}
	}
	up := 0
	for _, h := range r.Hosts {
		slices.SortFunc(h.Ports, func(a, b nmapPort) int {
			return cmp.Or(cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.Port, b.Port))
		})
		if h.Status.State == "up" {
			up++
		}
	}
	r.Stats.Hosts = nmapHosts{Up: up, Down: len(r.Hosts) - up, Total: len(r.Hosts)}
	r.Stats.Finished = nmapFinished{
		Time: time.Now().Unix(), Elapsed: strconv.FormatFloat(float64(total.TookMS)/1000, 'f', 2, 64),
		Summary: total.sentence(), Exit: "success",
	}
	if total.Interrupted {
		r.Stats.Finished.Exit, r.Stats.Finished.Error = "error", "interrupted: partial"
	}
}

// servicesOf writes the ports that were tried as nmap does: "22,8000-9000".
func servicesOf(tried *[1 << 16]bool) (number int, services string) {
	var ranges []sweep.Range
	for port, yes := range tried {
		if yes {
			ranges = append(ranges, sweep.Range{First: uint16(port), Last: uint16(port)})
		}
	}
	var texts []string
	for _, r := range sweep.NewPorts(ranges...) {
		text := strconv.Itoa(int(r.First))
		if r.Last > r.First {
			text += "-" + strconv.Itoa(int(r.Last))
		}
		texts = append(texts, text)
	}
	return len(ranges), strings.Join(texts, ",")
}
