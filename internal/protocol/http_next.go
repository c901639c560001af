// What to ask of a server of HTTP after its first answer, and what the second then tells.

package protocol

import (
	"slices"

	"rtevent"
)

// A httpProduct is a product that is known by what it answers. To name it takes an answer that nobody else gives, framed
// or with two signs that are independent of each other; an answer that points to it and then its own to its own path are
// two.
type httpProduct struct {
	name string
	is   httpSign  // an answer to whatever was asked that only this product gives; nil if there is none
	hint httpSign  // an answer after which it is worth asking what asks says; nil: is alone leads there
	asks []httpAsk // what its own clients ask, so long as its version is not known
}

// A httpAsk is a path that is safe to ask, and the sign by which the product answers to it.
type httpAsk struct {
	path string
	says httpSign
}

// A httpLead is an answer by which many products begin, and a path whose answer needs no hint.
type httpLead struct {
	hint httpSign
	path string
}

// A httpQuestion is a path with those who may answer to it.
type httpQuestion struct {
	path string
	of   []httpProduct
}

// isHTTPProduct tells the products that are named by more than the server they run in.
func isHTTPProduct(name string) bool {
	return slices.ContainsFunc(httpProducts, func(p httpProduct) bool { return p.name == name }) || isMetricsProduct(name)
}

// product is what gives such an answer, whatever was asked.
func (a httpAnswer) product() (name, version string) {
	for _, p := range httpProducts {
		if p.is == nil {
			continue
		}
		if version, ok := p.is(a); ok {
			return p.name, version
		}
	}
	return a.metricsProduct()
}

// nextHTTP asks for the paths of those products to which an answer points, then for those that tell many apart. Who closed
// without an answer may want a request of HTTP/1.1, or speak nothing but WebSocket: to ask for that is both.
func nextHTTP(heard string) []Question {
	if heard == "" {
		return []Question{{Name: "websocket", Words: webSocketHello}}
	}
	a, ok := readAnswer(heard)
	if !ok {
		return nil
	}
	var questions []Question
	for _, q := range a.questions() {
		questions = append(questions, q.question())
	}
	return questions
}

// questions are what goes on from an answer: to the version of its product, or to one of those that it may be.
func (a httpAnswer) questions() []httpQuestion {
	var all []httpQuestion
	add := func(path string, of ...httpProduct) {
		i := slices.IndexFunc(all, func(q httpQuestion) bool { return q.path == path })
		if i < 0 {
			i = len(all)
			all = append(all, httpQuestion{path: path})
		}
		all[i].of = append(all[i].of, of...)
	}
	name, version := a.product()
	if version != "" {
		return nil
	}
	for _, p := range httpProducts {
		if name == p.name || name == "" && p.hint.holds(a) {
			for _, ask := range p.asks {
				add(ask.path, p)
			}
		}
	}
	for _, lead := range httpLeads {
		if name == "" && lead.hint.holds(a) {
			add(lead.path)
		}
	}
	if name == "" && a.status == "200" && a.isPage() && a.field("Server") == "" {
		add(faviconPath)
	}
	if target := a.target(); name == "" && isPath(target) && target != "/" {
		add(target)
	}
	return all
}

// isPath tells a path that may stand in a request as it is.
func isPath(path string) bool {
	return len(path) <= 200 && allOf(path, func(c byte) bool { return isPrint(c) && c != ' ' })
}

// question asks for the path in HTTP/1.1, since whoever is asked again is known for HTTP. Some serve only clients that
// call them by the name of their own host, lest a page in a browser reach them by another.
func (q httpQuestion) question() Question {
	return Question{
		Name: q.path,
		Words: "GET " + q.path + " HTTP/1.1\r\nHost: localhost\r\nUser-Agent: rtevent\r\nAccept: */*\r\n" +
			"Connection: close\r\n\r\n",
		Read: q.read,
	}
}

// webSocketHello is how browsers begin to speak MQTT, of which most servers of nothing but WebSocket are (RFC 6455, section
// 4.1; MQTT 5.0, section 6).
const webSocketHello = "GET /mqtt HTTP/1.1\r\nHost: localhost\r\nUser-Agent: rtevent\r\nUpgrade: websocket\r\n" +
	"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: cnRldmVudCBhc2tzIHlvdQ==\r\n" +
	"Sec-WebSocket-Protocol: mqtt\r\n\r\n"

// read reads the answer to the path, if that tells more than the answer alone.
func (q httpQuestion) read(reply string) (rtevent.Finding, bool) {
	a, ok := readAnswer(reply)
	if !ok {
		return nothing()
	}
	f, ok := readHTTP(reply)
	name, version := q.product(a)
	if digest := a.favicon(); ok && q.path == faviconPath && digest != "" {
		name = favicons[digest]
		addDetail(&f, "favicon", digest)
		f.Product, f.Version = name, ""
		f.Evidence[0].Says = "HTTP answer with the favicon " + digest
		return f, true
	}
	if !ok || name == "" {
		return nothing()
	}
	f.Product, f.Version = name, version
	f.Evidence[0].Says = "HTTP answer of " + name + " to " + q.path
	if server := text(a.field("Server")); server != "" {
		addDetail(&f, "server", server)
	}
	return f, true
}

// product is who gives such an answer to the path.
func (q httpQuestion) product(a httpAnswer) (name, version string) {
	for _, p := range q.of {
		for _, ask := range p.asks {
			if ask.path != q.path {
				continue
			}
			if version, ok := ask.says(a); ok {
				return p.name, version
			}
		}
	}
	if q.path == metricsPath && a.status == "200" {
		return a.metrics()
	}
	return "", ""
}
