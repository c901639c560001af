package deliver

import (
	"context"
	"crypto/tls"
	"log"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"rtevent/internal/wire"
)

// handover is the listener of the HTTP server: the connections whose first bytes were HTTP.
type handover struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newHandover() *handover {
	return &handover{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (h *handover) give(c net.Conn) {
	select {
	case h.conns <- c:
	case <-h.closed:
		c.Close()
	}
}

func (h *handover) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

func (h *handover) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}

func (h *handover) Addr() net.Addr { return &net.TCPAddr{} }

// newHTTP makes the HTTP server: HTTP/1.1 and HTTP/2, with TLS and without.
func (s *Server) newHTTP() *http.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /events", s.getEvents)
	mux.HandleFunc("POST /events", s.postEvents)
	mux.HandleFunc("GET /ws", s.webSocket)
	mux.HandleFunc("GET /metrics", s.getMetrics)
	mux.HandleFunc("GET /healthz", s.getHealth)
	mux.HandleFunc("/", s.page)
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler:           s.guard(mux),
		Protocols:         &protocols,
		ReadHeaderTimeout: s.Limits.Speak,
		IdleTimeout:       s.Limits.Silence,
		MaxHeaderBytes:    16 << 10,
		ConnContext:       withPeer,
		ErrorLog:          log.New(discardTLSNoise{s}, "", 0),
	}
}

// discardTLSNoise sends what net/http complains of where nobody needs to look.
type discardTLSNoise struct{ s *Server }

func (d discardTLSNoise) Write(b []byte) (int, error) {
	d.s.Logger.Debug("serve HTTP", "error", strings.TrimSpace(string(b)))
	return len(b), nil
}

type peerKey struct{}

// withPeer keeps who is on the other side of an HTTP connection.
func withPeer(ctx context.Context, c net.Conn) context.Context {
	for {
		switch conn := c.(type) {
		case *counted:
			return context.WithValue(ctx, peerKey{}, conn.peer)
		case *tls.Conn:
			c = conn.NetConn()
		case *prefixed:
			c = conn.Conn
		default:
			return ctx
		}
	}
}

// peerOf is who asks: by the connection, and by a token in the header. A browser gives it as a password.
func peerOf(r *http.Request) peer {
	p, _ := r.Context().Value(peerKey{}).(peer)
	if r.Header.Get("Forwarded") != "" || r.Header.Get("X-Forwarded-For") != "" {
		p.local = false // a proxy of this host speaks for somebody else
	}
	if _, password, ok := r.BasicAuth(); ok {
		p.token = password
	} else if scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		p.token = strings.TrimSpace(token)
	}
	if len(p.token) > wire.MaxToken {
		p.token = p.token[:wire.MaxToken]
	}
	return p
}

// guard keeps out what comes by way of a browser from elsewhere: by a name that is not this host's (DNS rebinding), and by
// a page of another origin.
func (s *Server) guard(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.fail(w, wire.Errorf(wire.Forbidden, "a page of another origin may not do that"))
	}))
	next = cross.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Server", s.Software+" "+wire.Protocol)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if !s.knownHost(r.Host) {
			s.fail(w, wire.Errorf(wire.Forbidden, "%.100q is not a name of this server: add it with --host", r.Host))
			return
		}
		if isBrowser(r) {
			defer s.browsers.asks(peerOf(r).addr)()
		}
		s.metrics.connections.WithLabelValues("http").Inc()
		defer s.metrics.connections.WithLabelValues("http").Dec()
		next.ServeHTTP(w, r)
	})
}

// knownHost tells whether a request was meant for this server. An address was: no name was resolved to get here.
func (s *Server) knownHost(hostport string) bool {
	u := url.URL{Host: hostport}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	if host == "localhost" || strings.HasSuffix(host, ".localhost") || host == strings.ToLower(s.Node) && s.Node != "" {
		return true
	}
	for _, known := range s.Hosts {
		if strings.EqualFold(known, host) {
			return true
		}
	}
	return false
}

// fail answers with an error; its code is the status.
func (s *Server) fail(w http.ResponseWriter, fault *wire.Error) {
	s.metrics.refused(fault)
	if fault.Code == wire.Unauthenticated {
		w.Header().Set("WWW-Authenticate", `Basic realm="rt-event", charset="UTF-8"`)
		w.Header().Add("WWW-Authenticate", `Bearer realm="rt-event"`)
	}
	writeJSON(w, fault.Code, wire.Line(fault.Word("error")))
}

func writeJSON(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // whoever left does not read it
}

// may answers whether the one who asks may see the topics; if not, it has said so.
func (s *Server) may(w http.ResponseWriter, r *http.Request, topics ...string) bool {
	rights, fault := s.Access.Of(peerOf(r))
	if fault == nil {
		fault = rights.MaySubscribe(topics)
	}
	if fault != nil {
		s.fail(w, fault)
	}
	return fault == nil
}

func (s *Server) getMetrics(w http.ResponseWriter, r *http.Request) {
	if s.may(w, r) {
		s.metrics.handler().ServeHTTP(w, r)
	}
}

func (s *Server) getHealth(w http.ResponseWriter, _ *http.Request) {
	select {
	case <-s.draining:
		s.fail(w, draining())
	default:
		w.Header().Set("Content-Type", "text/plain")
		_, _ = w.Write([]byte("ok\n"))
	}
}

// page serves what no dialect claims: it shows this host's listeners, and the journal.
func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	if s.Page == nil {
		s.fail(w, wire.Errorf(wire.UnknownWord, "there is no %.100q here: /events, /ws, /metrics, /healthz", r.URL.Path))
		return
	}
	shown := "listener.>"
	if r.URL.Path == "/events" || strings.HasPrefix(r.URL.Path, "/events/") {
		shown = ">" // the journal: everybody's events
	}
	if s.may(w, r, shown) {
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.Limits.Stall))
		s.Page.ServeHTTP(w, r)
	}
}
