package dynamodblocal

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// awsDomains are the domains under which AWS answers, in all its partitions.
var awsDomains = []string{
	"amazonaws.com", "amazonaws.com.cn", "amazonaws.eu",
	"api.aws", "api.amazonwebservices.com.cn", "api.amazonwebservices.eu",
	"c2s.ic.gov", "sc2s.sgov.gov", "csp.hci.ic.gov", "cloud.adc-e.uk",
}

// RealAWS says whether endpoint, a URL, is AWS itself.
func RealAWS(endpoint string) bool {
	u, err := url.Parse(endpoint)
	return err == nil && awsHost(u.Hostname())
}

// CheckEndpoint returns nil if tests may create and destroy tables at endpoint:
// a http or https URL whose host is this machine or in a private network, or
// anything at all if allowRemote. Otherwise the error says what to set. It
// resolves host names, for two seconds at most.
func CheckEndpoint(endpoint string, allowRemote bool) error {
	u, err := url.Parse(endpoint)
	// The text is not repeated: a mistyped URL may hold a password.
	if err != nil || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return fmt.Errorf("the DynamoDB endpoint for tests is not a http or https URL: set %s to one such as http://127.0.0.1:8000", EndpointVariable)
	}
	if u.User != nil {
		return fmt.Errorf("the DynamoDB endpoint for tests holds a user name: take it out of %s", EndpointVariable)
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if allowRemote {
		return nil
	}
	if awsHost(host) {
		return fmt.Errorf("tests do not touch real AWS (%s): set %s to a local engine, or %s=1 if you mean it", host, EndpointVariable, AllowRemote)
	}
	if err := near(host); err != nil {
		return fmt.Errorf("tests use engines on this machine or a private network only (%s: %w): set %s to such a one, or %s=1 if you mean it", host, err, EndpointVariable, AllowRemote)
	}
	return nil
}

// awsHost matches whole labels: notamazonaws.com is not AWS.
func awsHost(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	for _, domain := range awsDomains {
		if host == domain || strings.HasSuffix(host, "."+domain) {
			return true
		}
	}
	return false
}

// near returns nil if every address of host is loopback or private.
func near(host string) error {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") { // RFC 6761, section 6.3
		return nil
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		return nearAddr(addr)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil || len(addrs) == 0 {
		return errors.New("it does not resolve")
	}
	for _, addr := range addrs {
		if err := nearAddr(addr); err != nil {
			return err
		}
	}
	return nil
}

func nearAddr(addr netip.Addr) error {
	// Link-local is left out on purpose: 169.254.169.254 is a metadata service.
	if addr = addr.Unmap(); addr.IsLoopback() || addr.IsPrivate() {
		return nil
	}
	return errors.New("its address is neither loopback nor private")
}
