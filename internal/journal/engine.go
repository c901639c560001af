// The engine: JetStream inside this process, inside this and other processes, or somewhere else.

package journal

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	engineStart = 60 * time.Second // for a log of millions of events without its index
	engineCall  = 10 * time.Second // for one question to it
)

// engine is JetStream and the ways to it.
type engine struct {
	server *server.Server // none where it is somewhere else
	reach  []nats.Option  // how it is reached
	shared bool           // others write to it as well
	write  *nats.Conn     // what is stored, and its acknowledgements
	read   *nats.Conn
	js     jetstream.JetStream
	log    jetstream.Stream
	found  *jetstream.StreamInfo // the log, as it was found
}

// openEngine starts the engine, or reaches it, and makes the streams if need be.
func openEngine(ctx context.Context, o Options) (_ *engine, err error) {
	e := &engine{shared: o.Engine != "" || o.Cluster != nil}
	defer func() {
		if err != nil {
			e.close()
		}
	}()
	if o.Engine != "" {
		e.reach = external(o)
	} else if err := e.start(o); err != nil {
		return nil, fmt.Errorf("open journal %s: %w", o.Dir, err)
	}
	if err := e.connect(o); err != nil {
		return nil, err
	}
	return e, e.openStreams(ctx, o)
}

// reachAgain makes new connections to the same engine.
func (e *engine) reachAgain(ctx context.Context, o Options) (_ *engine, err error) {
	fresh := &engine{server: e.server, reach: e.reach, shared: e.shared}
	if err = fresh.connect(o); err == nil {
		err = fresh.openStreams(ctx, o)
	}
	if err != nil {
		fresh.disconnect()
		return nil, err
	}
	return fresh, nil
}

// start starts the server within this process.
func (e *engine) start(o Options) error {
	options := &server.Options{
		ServerName:         "rtevent",
		DontListen:         true, // it is reached in memory
		NoSigs:             true,
		JetStream:          true,
		StoreDir:           o.Dir,
		JetStreamMaxMemory: 64 << 20,
		JetStreamMaxStore:  2*o.MaxBytes + 1<<30, // the log, and as much for the state
		MaxPayload:         1 << 20,
	}
	e.reach = []nats.Option{nats.NoReconnect()}
	if o.Cluster != nil {
		if err := o.Cluster.apply(options, o.Durability); err != nil {
			return err
		}
		e.reach = []nats.Option{nats.UserInfo(options.Username, options.Password), nats.MaxReconnects(-1)}
	}
	s, err := server.NewServer(options)
	if err != nil {
		return err
	}
	s.SetLoggerV2(engineLog{o.Log}, false, false, false)
	e.server = s
	s.Start()
	if !s.ReadyForConnections(engineStart) {
		return fmt.Errorf("the engine did not start within %v", engineStart)
	}
	e.reach = append(e.reach, nats.InProcessServer(s))
	return nil
}

// Cluster makes the embedded servers of several daemons one engine, which keeps each event three times.
type Cluster struct {
	Name   string   // of this server, different from the others'
	Listen string   // HOST:PORT for the other servers
	Peers  []string // HOST:PORT of the others
	User   string   // and the password with which they know each other
	Secret string
}

// apply makes the server one of a cluster. A server of a cluster must have a port for clients as well; it is on the loopback
// and knows only this process.
func (c *Cluster) apply(o *server.Options, d Durability) error {
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fmt.Errorf("cluster: listen on %q: %w", c.Listen, err)
	}
	if c.Secret == "" || c.Name == "" {
		return errors.New("cluster: a server needs a name and a secret")
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return fmt.Errorf("cluster: listen on %q: %w", c.Listen, err)
	}
	o.ServerName = c.Name
	o.DontListen, o.Host, o.Port = false, "127.0.0.1", server.RANDOM_PORT
	o.Username, o.Password = "rtevent", newEpoch()+newEpoch()+newEpoch()
	o.SyncAlways = d == Always // the raft log of a cluster is the engine's own
	o.Cluster = server.ClusterOpts{Name: "rtevent", Host: host, Port: int(number), Username: c.User, Password: c.Secret, NoAdvertise: true, PoolSize: -1}
	for _, peer := range c.Peers {
		o.Routes = append(o.Routes, &url.URL{Scheme: "nats-route", Host: peer, User: url.UserPassword(c.User, c.Secret)})
	}
	return nil
}

// external is how an engine somewhere else is reached.
func external(o Options) []nats.Option {
	options := []nats.Option{nats.MaxReconnects(-1), nats.ReconnectWait(200 * time.Millisecond), nats.RetryOnFailedConnect(false)}
	if o.Credentials != "" {
		options = append(options, nats.UserCredentials(o.Credentials))
	}
	if o.CA != "" {
		options = append(options, nats.RootCAs(o.CA))
	}
	if o.Certificate != "" {
		options = append(options, nats.ClientCert(o.Certificate, o.Key))
	}
	return options
}

func (e *engine) connect(o Options) (err error) {
	reach := append(e.reach[:len(e.reach):len(e.reach)], nats.Name("rtevent journal"))
	for _, c := range []**nats.Conn{&e.write, &e.read} {
		if *c, err = nats.Connect(o.Engine, reach...); err != nil {
			return unavailable("reach the engine", err)
		}
	}
	e.js, err = jetstream.New(e.read, jetstream.WithDefaultTimeout(engineCall))
	return err
}

func (e *engine) disconnect() {
	for _, c := range []*nats.Conn{e.write, e.read} {
		if c != nil {
			c.Close()
		}
	}
}

// close ends the connections and the server, and waits until all is written.
func (e *engine) close() {
	e.disconnect()
	if e.server != nil {
		e.server.Shutdown()
		e.server.WaitForShutdown()
	}
}

// streamDir is where the embedded engine keeps a stream.
func streamDir(dir, stream string) string {
	return filepath.Join(dir, "jetstream", "$G", "streams", stream)
}

// makeDir makes the directory of a journal, for this user alone.
func makeDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("open journal: %w", err)
	}
	return nil
}
