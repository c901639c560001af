package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"syscall"

	"github.com/spf13/cobra"

	"rtevent/client"
)

// calling is how a command calls a server.
type calling struct {
	server    string
	tokenFile string
	ca        string
	cert, key string
}

func (o *calling) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&o.server, "server", "127.0.0.1:"+client.Port, "call this server: `HOST:PORT`, or tls://HOST:PORT; also RTEVENT_SERVER")
	f.StringVar(&o.tokenFile, "token-file", "", "authenticate by the token in this `file`; also RTEVENT_TOKEN, the token itself")
	f.StringVar(&o.ca, "ca", "", "speak TLS and trust the CA in this `file`")
	f.StringVar(&o.cert, "cert", "", "authenticate by this certificate `file`")
	f.StringVar(&o.key, "key", "", "the certificate's key `file`")
}

// dial calls the server. The error tells in an exit code whether nobody is there.
func (o *calling) dial(c *cobra.Command, source string) (*client.Client, error) {
	if err := fromEnvironment(c.Flags(), "server", "token-file", "ca", "cert", "key"); err != nil {
		return nil, err
	}
	options := &client.Options{Name: "rtevent/" + version(), Source: source}
	var err error
	if options.Token, err = tokenFrom(o.tokenFile); err != nil {
		return nil, err
	}
	if token := os.Getenv("RTEVENT_TOKEN"); o.tokenFile == "" {
		options.Token = token
	}
	if options.TLS, err = o.tls(); err != nil {
		return nil, err
	}
	dialled, err := client.Dial(c.Context(), o.server, options)
	return dialled, o.explain(c.Context(), err)
}

// tls is nil for a plain connection.
func (o *calling) tls() (*tls.Config, error) {
	if o.ca == "" && o.cert == "" {
		return nil, nil
	}
	t := &tls.Config{}
	if o.ca != "" {
		text, err := os.ReadFile(o.ca)
		if err != nil {
			return nil, badInput("", "read the CA: %s", err)
		}
		t.RootCAs = x509.NewCertPool()
		if !t.RootCAs.AppendCertsFromPEM(text) {
			return nil, badInput("", "%s holds no certificate in PEM", o.ca)
		}
	}
	if o.cert != "" {
		pair, err := tls.LoadX509KeyPair(o.cert, o.key)
		if err != nil {
			return nil, badInput("--cert and --key go together", "read the certificate: %s", err)
		}
		t.Certificates = []tls.Certificate{pair}
	}
	return t, nil
}

// refusal is a server's no, with the exit code that it means.
type refusal struct {
	error
	outcome outcome
	hint    string
}

func (r *refusal) Unwrap() error { return r.error }

// explain adds to an error of the client what to do about it.
func (o *calling) explain(ctx context.Context, err error) error {
	var said *client.Error
	var reset *client.ResetError
	switch {
	case err == nil, ctx.Err() != nil:
		return err
	case errors.As(err, &said) && (said.Code == 401 || said.Code == 403):
		return &refusal{err, exitPermission, "say who you are with --token-file FILE or --cert and --key"}
	case errors.As(err, &said) && said.Retry == "no":
		return &refusal{err, exitBadInput, ""}
	case errors.As(err, &reset):
		return &refusal{err, exitNothing, "begin anew with --from oldest, state or live"}
	case errors.Is(err, syscall.ECONNREFUSED):
		return &refusal{err, exitNothing, "`rtevent serve` starts a server; --server says where it is"}
	}
	return err
}
