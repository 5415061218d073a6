package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// client speaks the Docker Engine API over a socket.
type client struct{ http *http.Client }

func newClient(socket string) *client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}
	return &client{&http.Client{Transport: &http.Transport{DialContext: dial}}}
}

// send gives the status and the body, of 1 MiB at most.
func (c *client) send(ctx context.Context, method, path string, body io.Reader) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://docker"+path, body)
	if err != nil {
		return 0, nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/x-tar")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = res.Body.Close() }()
	out, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	return res.StatusCode, out, err
}

func (c *client) get(ctx context.Context, path string, into any) error {
	status, out, err := c.send(ctx, http.MethodGet, path, nil)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("the Docker engine answers %s with %d: %.300s", path, status, out)
	}
	if err == nil {
		err = json.Unmarshal(out, into)
	}
	return err
}

func (c *client) version(ctx context.Context) (string, error) {
	var v struct{ Version string }
	err := c.get(ctx, "/version", &v)
	return v.Version, err
}

// Bridge is this machine's address on the network that containers are on when
// nothing else is said.
func (e *Engine) Bridge(ctx context.Context) (netip.Addr, error) {
	var network struct {
		IPAM struct {
			Config []struct{ Gateway, Subnet string }
		}
	}
	if err := e.client.get(ctx, "/networks/bridge", &network); err != nil {
		return netip.Addr{}, err
	}
	for _, config := range network.IPAM.Config {
		if addr, err := netip.ParseAddr(config.Gateway); err == nil && addr.Is4() {
			return addr, nil
		}
		// A daemon that has just made the network names the subnet only; its own
		// address is the first.
		if subnet, err := netip.ParsePrefix(config.Subnet); err == nil && subnet.Addr().Is4() {
			return subnet.Masked().Addr().Next(), nil
		}
	}
	return netip.Addr{}, errors.New("the Docker engine's bridge has no IPv4 address")
}

// HasImage tells whether the engine has an image of this name, with its tag.
func (e *Engine) HasImage(ctx context.Context, name string) (bool, error) {
	status, out, err := e.client.send(ctx, http.MethodGet, "/images/"+name+"/json", nil)
	if err == nil && status != http.StatusOK && status != http.StatusNotFound {
		err = fmt.Errorf("the Docker engine answers the question for %s with %d: %.300s", name, status, out)
	}
	return status == http.StatusOK, err
}

// Import makes an image of a tar archive, under a name with a tag.
func (e *Engine) Import(ctx context.Context, name string, archive io.Reader) error {
	repository, tag, ok := cutTag(name)
	if !ok {
		return fmt.Errorf("the image %s has no tag", name)
	}
	query := url.Values{"fromSrc": {"-"}, "repo": {repository}, "tag": {tag}}
	status, out, err := e.client.send(ctx, http.MethodPost, "/images/create?"+query.Encode(), archive)
	if err != nil {
		return err
	}
	// What fails after the answer has begun is said in its last line.
	if status != http.StatusOK || strings.Contains(string(out), `"error"`) {
		return fmt.Errorf("the Docker engine does not take the image %s: %d: %.300s", name, status, out)
	}
	return nil
}

// RemoveImage takes the name away, and the image with it.
func (e *Engine) RemoveImage(ctx context.Context, name string) error {
	status, out, err := e.client.send(ctx, http.MethodDelete, "/images/"+name+"?force=1", nil)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("the Docker engine does not remove the image %s: %d: %.300s", name, status, out)
	}
	return err
}

// cutTag knows that a colon before a slash is a port.
func cutTag(name string) (repository, tag string, ok bool) {
	n := strings.LastIndexByte(name, ':')
	if n < 1 || strings.Contains(name[n:], "/") || n == len(name)-1 {
		return "", "", false
	}
	return name[:n], name[n+1:], true
}
