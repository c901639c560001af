package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"rtevent/client"
	"rtevent/internal/daemon"
	"rtevent/internal/iana"
	"rtevent/internal/journal"
)

// insecure is what an operator says to have plain addresses opened beyond loopback.
const insecure = "i-know-that-anybody-can-read-and-write"

// serve is the daemon.
type serve struct {
	data            string
	listen, tls     []string
	cert, key, ca   string
	tokens          string
	hosts           []string
	plain           string
	durable         string
	age             time.Duration
	size            string
	count           int
	engine, cluster string
	engineCredentials, engineCA,
	engineCert, engineKey string
	secret           string
	policy           string
	noWatch, noProbe bool
	verbose          bool
}

func newServe() *cobra.Command {
	var o serve
	c := &cobra.Command{
		Use:   "serve",
		Short: "The daemon: rt-event on 3706 and 3707, and the page",
		Long: `serve watches this host's listeners, keeps every change in a journal, and serves the journal as rt-event: native lines,
NDJSON, SSE, WebSocket, CloudEvents over HTTP, and the page for people, all on one port. Anybody's events on other topics
are kept and served as well.

It is reached from this host alone unless told otherwise. Beyond loopback it speaks TLS (--cert, --key) to whoever has a
token (--tokens; see "rtevent token") or a client certificate (--client-ca; see "rtevent cert"). Certificates and tokens
are read again when their files change.

Every flag can be given in the environment: RTEVENT_DATA for --data, RTEVENT_TLS_LISTEN for --tls-listen.

Exit codes: 0 stopped as asked, 3 permission, 4 bad input, 5 something broke.`,
		Example: `  rtevent serve
  rtevent serve --data /srv/rtevent --keep-age 2160h --keep-size 20GiB
  rtevent serve --tls-listen :3707 --cert server.pem --key server-key.pem --tokens tokens
  curl -N 'http://localhost:3706/events?from=state'`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := fromEnvironment(c.Flags()); err != nil {
				return err
			}
			return o.run(c)
		},
	}
	f := c.Flags()
	f.StringVar(&o.data, "data", "", "keep the journal in this `directory` (default /var/lib/rtevent, or ~/.local/state/rtevent)")
	f.StringSliceVar(&o.listen, "listen", []string{"127.0.0.1:" + client.Port, "[::1]:" + client.Port}, "plain `addresses`; TLS is understood there, too")
	f.StringSliceVar(&o.tls, "tls-listen", nil, "`addresses` for TLS alone (default 127.0.0.1:3707 when there is a certificate)")
	f.StringVar(&o.cert, "cert", "", "the server's certificate `file`, in PEM")
	f.StringVar(&o.key, "key", "", "the certificate's key `file`")
	f.StringVar(&o.ca, "client-ca", "", "`file` with the CA of client certificates")
	f.StringVar(&o.tokens, "tokens", "", "`file` with who may what on which topics: see \"rtevent token\"")
	f.StringSliceVar(&o.hosts, "host", nil, "further `names` under which browsers may reach the server")
	f.StringVar(&o.plain, "plain-outside", "", "open plain addresses beyond loopback; the `words` are "+insecure)
	f.StringVar(&o.durable, "durable", "always", "what an acknowledged event survives: always (a power cut), interval (one after 100 ms), process (a crash)")
	f.DurationVar(&o.age, "keep-age", 30*24*time.Hour, "keep events for this long")
	f.StringVar(&o.size, "keep-size", "1GiB", "keep at most this much on disk")
	f.IntVar(&o.count, "keep-count", 0, "keep about this many events a topic (0: any number)")
	f.StringVar(&o.engine, "engine", "", "keep the journal in this NATS server or cluster: nats://HOST:4222")
	f.StringVar(&o.engineCredentials, "engine-credentials", "", "`file` with what the engine knows the daemon by (.creds)")
	f.StringVar(&o.engineCA, "engine-ca", "", "`file` with the CA of the engine's certificate")
	f.StringVar(&o.engineCert, "engine-cert", "", "the daemon's certificate `file` for the engine")
	f.StringVar(&o.engineKey, "engine-key", "", "that certificate's key `file`")
	f.StringVar(&o.cluster, "cluster", "", "make daemons one journal: `NAME,LISTEN,PEER,PEER`, each HOST:PORT")
	f.StringVar(&o.secret, "cluster-secret", "", "`file` with what the daemons of a cluster know each other by")
	f.StringVar(&o.policy, "policy", "", "raise a signal for what this policy `file` does not allow")
	f.BoolVar(&o.noWatch, "no-watch", false, "do not watch this host: only carry the events of others")
	f.BoolVar(&o.noProbe, "no-probe", false, "ask nobody what it speaks")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "log more")
	return c
}

// fromEnvironment takes the flags that are not given from RTEVENT_*: all of them, or those that are named.
func fromEnvironment(flags *pflag.FlagSet, names ...string) (err error) {
	flags.VisitAll(func(f *pflag.Flag) {
		name := "RTEVENT_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value, given := os.LookupEnv(name)
		if f.Changed || !given || err != nil || len(names) > 0 && !slices.Contains(names, f.Name) {
			return
		}
		if setErr := flags.Set(f.Name, value); setErr != nil {
			err = badInput("see `rtevent serve --help`", "%s=%q: %s", name, value, setErr)
		}
	})
	return err
}

func (o *serve) run(c *cobra.Command) error {
	options, err := o.options(c)
	if err != nil {
		return err
	}
	err = daemon.Run(c.Context(), options)
	switch {
	case errors.Is(err, daemon.ErrRefused):
		return badInput("listen on 127.0.0.1, or use --tls-listen with --cert, --key and --tokens or --client-ca; plain beyond loopback takes --plain-outside "+insecure, "%s", err)
	case errors.Is(err, syscall.EADDRINUSE):
		return badInput("`rtevent "+client.Port+"` tells who is there; --listen takes another address", "%s", err)
	case errors.Is(err, fs.ErrPermission):
		return &hinted{err, "choose another directory with --data, or other addresses with --listen"}
	}
	return err
}

// hinted is an error with a hint of its own.
type hinted struct {
	error
	hint string
}

func (h *hinted) Unwrap() error { return h.error }

func (o *serve) options(c *cobra.Command) (daemon.Options, error) {
	level := slog.LevelInfo
	if o.verbose {
		level = slog.LevelDebug
	}
	log := slog.New(slog.NewTextHandler(c.ErrOrStderr(), &slog.HandlerOptions{Level: level}))
	host, err := os.Hostname()
	if err != nil {
		return daemon.Options{}, fmt.Errorf("ask the name of this host: %w", err)
	}
	d := daemon.Options{
		NoWatch: o.noWatch, Registry: iana.Open(), Listen: o.listen, TLSListen: o.tls,
		Cert: o.cert, Key: o.key, ClientCA: o.ca, Tokens: o.tokens, Hosts: o.hosts,
		Host: host, Version: strings.Trim(version(), "()"), Logger: log,
	}
	if d.Journal, err = o.journal(log); err != nil {
		return d, err
	}
	if err := o.doors(&d); err != nil {
		return d, err
	}
	d.Live.NoProbe = o.noProbe
	d.Live.Digests = filepath.Join(d.Journal.Dir, "digests")
	if o.policy != "" {
		if d.Live.Policy, err = readPolicy(o.policy); err != nil {
			return d, err
		}
	}
	return d, nil
}

// doors checks the settings of who is let in.
func (o *serve) doors(d *daemon.Options) error {
	if (o.cert == "") != (o.key == "") {
		return badInput("`rtevent cert` makes both", "--cert and --key go together")
	}
	if o.cert == "" && (len(o.tls) > 0 || o.ca != "") {
		return badInput("`rtevent cert` makes them for development", "TLS needs --cert and --key")
	}
	if o.cert != "" && len(o.tls) == 0 {
		d.TLSListen = []string{"127.0.0.1:" + client.PortTLS}
	}
	for _, address := range append(append([]string{}, d.Listen...), d.TLSListen...) {
		if _, _, err := net.SplitHostPort(address); err != nil {
			return badInput("write it as 127.0.0.1:3706, [::1]:3706 or :3706", "%q is no HOST:PORT", address)
		}
	}
	if o.plain != "" && o.plain != insecure {
		return badInput("the words are "+insecure, "--plain-outside %q", o.plain)
	}
	d.PlainOutside = o.plain != ""
	return nil
}

func (o *serve) journal(log *slog.Logger) (journal.Options, error) {
	j := journal.Options{
		Dir: o.data, Durability: journal.Durability(o.durable),
		Engine: o.engine, Credentials: o.engineCredentials, CA: o.engineCA, Certificate: o.engineCert, Key: o.engineKey,
		MaxAge: o.age, MaxPerTopic: o.count, Log: log,
	}
	switch o.durable {
	case "always", "interval", "process":
	default:
		return j, badInput("always, interval or process", "--durable %q", o.durable)
	}
	var err error
	if j.MaxBytes, err = parseSize(o.size); err != nil {
		return j, badInput("write it as 500MiB or 20GiB", "--keep-size %q: %s", o.size, err)
	}
	if j.Dir == "" {
		if j.Dir, err = stateDir(); err != nil {
			return j, err
		}
	}
	if o.cluster != "" {
		j.Cluster, err = o.clusterOf()
	}
	return j, err
}

func (o *serve) clusterOf() (*journal.Cluster, error) {
	fields := strings.Split(o.cluster, ",")
	if len(fields) < 3 || o.secret == "" {
		return nil, badInput("--cluster web1,10.0.0.1:6222,10.0.0.2:6222,10.0.0.3:6222 --cluster-secret FILE", "a cluster is a name, this daemon's address, and those of its peers; and a secret")
	}
	secret, err := os.ReadFile(o.secret)
	if err != nil {
		return nil, badInput("", "read the cluster's secret: %s", err)
	}
	return &journal.Cluster{Name: fields[0], Listen: fields[1], Peers: fields[2:], User: "rtevent", Secret: strings.TrimSpace(string(secret))}, nil
}

// stateDir is where the journal lies when nobody says otherwise: where systemd says, or where the system's or the user's
// state belongs.
func stateDir() (string, error) {
	if dir, _, _ := strings.Cut(os.Getenv("STATE_DIRECTORY"), ":"); dir != "" {
		return dir, nil
	}
	if os.Geteuid() == 0 {
		return "/var/lib/rtevent", nil
	}
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "rtevent"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", badInput("say where with --data DIR", "there is no home directory to keep the journal in")
	}
	return filepath.Join(home, ".local", "state", "rtevent"), nil
}

// parseSize reads bytes: "1048576", "500MiB", "20GB".
func parseSize(s string) (int64, error) {
	digits := strings.TrimRight(s, "KMGTiB")
	unit := map[string]float64{"": 1, "B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
	factor, known := unit[s[len(digits):]]
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil || !known || !(n*factor >= 1 && n*factor < math.MaxInt64/4) { // NaN is neither
		return 0, errors.New("no size")
	}
	return int64(n * factor), nil
}
