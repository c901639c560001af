// Requests of HTTP within a vector: they are gathered line by line and sent when the first line of the answer is due.

package conform

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// request is one that is being gathered.
type request struct {
	method, path string
	head         http.Header
	body         string
}

// ask takes a step of our side of a request.
func (p *player) ask(s Step) error {
	r := p.requests[s.Conn]
	switch {
	case s.Do == doRequest:
		method, path, ok := strings.Cut(s.Text, " ")
		if !ok {
			return fmt.Errorf("request %q: want METHOD PATH", s.Text)
		}
		p.requests[s.Conn] = &request{method: method, path: path, head: http.Header{}}
	case s.Do == doHead:
		name, value, _ := strings.Cut(s.Text, ": ")
		r.head.Add(name, value)
	case s.Do == doBody:
		r.body = s.Text
	case s.Do == doClose:
		if on := p.streams[s.Conn]; on != nil {
			on.close()
		}
	default:
		return fmt.Errorf("%q has no place in a request", s.Do)
	}
	return nil
}

// send sends a gathered request and makes its answer a stream.
func (t Target) send(ctx context.Context, r *request) (*stream, error) {
	ctx, stop := context.WithCancel(ctx)
	req, err := http.NewRequestWithContext(ctx, r.method, t.url("http", r.path), strings.NewReader(r.body))
	if err != nil {
		stop()
		return nil, err
	}
	req.Header = r.head
	if host := r.head.Get("Host"); host != "" {
		req.Host = host
	}
	if t.Token != "" && req.Header.Get("Authorization") == "" {
		req.Header.Set("Authorization", "Bearer "+t.Token)
	}
	transport := &http.Transport{TLSClientConfig: t.TLS, DisableKeepAlives: true, DisableCompression: true, ResponseHeaderTimeout: t.patience()}
	answer, err := transport.RoundTrip(req)
	if err != nil {
		stop()
		return nil, fmt.Errorf("%s %s: %w", r.method, r.path, err)
	}
	return httpStream(answer, func() { stop(); transport.CloseIdleConnections() }), nil
}

// expectAnswer holds the status or a header field of an answer against a step.
func (p *player) expectAnswer(on *stream, s Step) error {
	if on.answer == nil {
		return fmt.Errorf("%s: this connection has asked nothing of HTTP", s.Do)
	}
	if s.Do == doStatus {
		p.note(s, strconv.Itoa(on.answer.StatusCode))
		if got := strconv.Itoa(on.answer.StatusCode); got != s.Text {
			return fmt.Errorf("status %s, want %s", got, s.Text)
		}
		return nil
	}
	name, want, _ := strings.Cut(s.Text, ": ")
	var got any = absent{}
	if values := on.answer.Header.Values(name); len(values) > 0 {
		got = strings.Join(values, ", ")
		p.note(s, name+": "+strings.Join(values, ", "))
	}
	return p.names.match(name, want, got)
}
