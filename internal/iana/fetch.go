// This file asks a server for the registry, politely: only if it changed, within 30 seconds and 16 MiB.

package iana

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// agent names us to the server.
const agent = "rtevent (registry update)"

// answer is what a server said.
type answer struct {
	unchanged bool
	body      []byte
	header    Header
}

// get asks for the registry. What was kept from the same address makes the request conditional.
func get(ctx context.Context, q Request, kept Header) (answer, error) {
	client := q.Client
	if client == nil {
		client = &http.Client{Timeout: 30 * time.Second}
	}
	guarded := *client
	guarded.CheckRedirect = func(request *http.Request, via []*http.Request) error {
		if len(via) >= 5 {
			return errors.New("more than 5 redirections")
		}
		return safe(request.URL)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, q.URL, nil)
	if err != nil {
		return answer{}, fmt.Errorf("fetch %s: %w", q.URL, err)
	}
	if err := safe(request.URL); err != nil {
		return answer{}, fmt.Errorf("fetch the registry: %w", err) // the error names the address
	}
	request.Header.Set("User-Agent", agent)
	request.Header.Set("Accept", "text/csv")
	if kept.ETag != "" {
		request.Header.Set("If-None-Match", kept.ETag)
	}
	if kept.LastModified != "" {
		request.Header.Set("If-Modified-Since", kept.LastModified)
	}
	response, err := guarded.Do(request)
	if err != nil {
		return answer{}, fmt.Errorf("fetch the registry: %w", err) // the error names the address
	}
	defer response.Body.Close()
	a, err := read(response, kept)
	if err != nil {
		return answer{}, fmt.Errorf("fetch %s: %w", q.URL, err)
	}
	a.header.Source = q.URL
	return a, nil
}

// read takes the answer in.
func read(response *http.Response, kept Header) (answer, error) {
	now := time.Now().UTC()
	h := Header{Names: now.Format(time.DateOnly), Fetched: now.Format(time.RFC3339), ETag: response.Header.Get("ETag"),
		LastModified: response.Header.Get("Last-Modified")}
	conditional := kept.ETag != "" || kept.LastModified != ""
	switch {
	case response.StatusCode == http.StatusNotModified && conditional:
		return answer{unchanged: true, header: h}, nil
	case response.StatusCode != http.StatusOK:
		return answer{}, fmt.Errorf("the server answers %s", response.Status)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	switch {
	case err != nil:
		return answer{}, err
	case len(body) > limit:
		return answer{}, fmt.Errorf("the answer is larger than %d MiB", limit>>20)
	}
	return answer{body: body, header: h}, nil
}

// safe refuses what could be changed on the way: anything but https, except on this machine itself.
func safe(u *url.URL) error {
	a, err := netip.ParseAddr(u.Hostname())
	local := u.Hostname() == "localhost" || err == nil && a.IsLoopback()
	if u.Scheme == "https" || u.Scheme == "http" && local {
		return nil
	}
	return fmt.Errorf("%s is %w", u.Redacted(), ErrInsecure)
}
