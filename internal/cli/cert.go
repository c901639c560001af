package cli

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rtevent"
	"rtevent/internal/devca"
)

func newCert() *cobra.Command {
	var hosts, clients []string
	var days int
	c := &cobra.Command{
		Use:   "cert [DIR]",
		Short: "Make certificates for development: a CA, a server's, and clients'",
		Long: `cert makes a certificate authority in the directory (by default this one), unless there is one already, and signs with
it a certificate for the server and one for each --client. Whoever has ca-key.pem can make further ones: keep it away
from servers.`,
		Example: `  rtevent cert certs --host events.example.org --host 192.0.2.7 --client web1
  rtevent serve --cert certs/server.pem --key certs/server-key.pem --client-ca certs/ca.pem
  rtevent sub --server tls://localhost --ca certs/ca.pem --cert certs/web1.pem --key certs/web1-key.pem`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			dir := "."
			if len(args) > 0 {
				dir = args[0]
			}
			return makeCerts(c, dir, hosts, clients, days)
		},
	}
	f := c.Flags()
	f.StringSliceVar(&hosts, "host", nil, "further names and addresses of the server")
	f.StringSliceVar(&clients, "client", nil, "`names` of clients, each with a certificate NAME.pem")
	f.IntVar(&days, "days", 365, "how many days the certificates last")
	return c
}

func makeCerts(c *cobra.Command, dir string, hosts, clients []string, days int) error {
	if days < 1 || days > 3650 {
		return badInput("", "--days %d: want 1 to 3650", days)
	}
	for _, name := range clients {
		if name == "" || name == "ca" || name == "server" || strings.ContainsAny(name, `/\`) || name[0] == '.' {
			return badInput("", "%q is no name for a client's file", name)
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make certificates: %w", err)
	}
	ca, made, err := devca.Open(dir, time.Now())
	if err != nil {
		return fmt.Errorf("make certificates: %w", err)
	}
	if made {
		fmt.Fprintf(c.OutOrStdout(), "%s  the authority\n", filepath.Join(dir, devca.CACert))
	}
	until := time.Now().AddDate(0, 0, days)
	host, _ := os.Hostname()
	names := append([]string{"localhost", "127.0.0.1", "::1", host}, hosts...)
	pair, err := ca.Server(names, until)
	if err == nil {
		err = writePair(c, dir, "server", pair, "of the server "+strings.Join(names, " "))
	}
	for _, name := range clients {
		if err != nil {
			break
		}
		if pair, err = ca.Client(name, until); err == nil {
			err = writePair(c, dir, name, pair, "of the client "+name)
		}
	}
	if err != nil {
		return fmt.Errorf("make certificates: %w", err)
	}
	return nil
}

func writePair(c *cobra.Command, dir, name string, pair devca.Pair, whose string) error {
	cert, key := filepath.Join(dir, name+".pem"), filepath.Join(dir, name+"-key.pem")
	if err := pair.Write(cert, key); err != nil {
		return err
	}
	_, err := fmt.Fprintf(c.OutOrStdout(), "%s  %s\n", cert, whose)
	return err
}

func newToken() *cobra.Command {
	var subscribe, publish []string
	var file string
	c := &cobra.Command{
		Use:   "token NAME",
		Short: "Make a token for a client of rtevent serve",
		Long: `token prints a new token, once: give it to the client. Its line for the file of "rtevent serve --tokens", which holds no
more of it than its SHA-256, is added to --file or printed on standard error. Taking the line away withdraws the token at
once, also from those who are connected.

Such a line may name a client certificate instead (cert:NAME), or whoever connects from this host without saying who
he is (loopback).`,
		Example: `  rtevent token grafana --subscribe 'listener.>' --file tokens > grafana.token
  rtevent token lab --publish 'doors.>' --file tokens`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if strings.ContainsAny(args[0], " \t\n#") || args[0] == "" {
				return badInput("", "%q is no name", args[0])
			}
			return makeToken(c, args[0], file, subscribe, publish)
		},
	}
	f := c.Flags()
	f.StringSliceVar(&subscribe, "subscribe", nil, "`topics` that may be subscribed to")
	f.StringSliceVar(&publish, "publish", nil, "`topics` that may be published on")
	f.StringVar(&file, "file", "", "add the line to this `file`")
	return c
}

func makeToken(c *cobra.Command, name, file string, subscribe, publish []string) error {
	if len(subscribe)+len(publish) == 0 {
		return badInput("`rtevent token NAME --subscribe 'listener.>'`", "a token that may nothing")
	}
	for _, topic := range append(append([]string{}, subscribe...), publish...) {
		if err := rtevent.CheckFilter(topic); err != nil {
			return badInput("", "%s", err)
		}
	}
	token := rand.Text() + rand.Text()
	sum := sha256.Sum256([]byte(token))
	line := name + " sha256:" + hex.EncodeToString(sum[:])
	if len(subscribe) > 0 {
		line += " subscribe=" + strings.Join(subscribe, ",")
	}
	if len(publish) > 0 {
		line += " publish=" + strings.Join(publish, ",")
	}
	out := c.ErrOrStderr()
	if file != "" {
		f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("add a token: %w", err)
		}
		defer f.Close()
		out = f
	}
	if _, err := fmt.Fprintln(out, line); err != nil {
		return fmt.Errorf("add a token: %w", err)
	}
	_, err := fmt.Fprintln(c.OutOrStdout(), token)
	return err
}
