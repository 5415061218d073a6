package tables

import (
	"crypto/x509"
	"encoding/pem"
	"maps"
	"os"
	"path/filepath"
	"testing"
)

func TestAuthoritiesAreReadOnce(t *testing.T) {
	for _, tt := range []struct {
		name   string
		env    map[string]string
		bundle bool
		want   map[string]string // what is set
	}{
		{"a system's bundle", nil, true, map[string]string{certDir: nowhere}},
		{"no bundle", nil, false, nil},
		{"a file that is named", map[string]string{certFile: "/a"}, true, nil},
		{"a folder that is named", map[string]string{certDir: "/a"}, true, nil},
		{"the AWS tools' own", map[string]string{caBundle: "/a"}, true, map[string]string{certFile: "/a", certDir: nowhere}},
		{"both kinds", map[string]string{caBundle: "/a", certFile: "/b"}, true, nil},
	} {
		set := map[string]string{}
		err := oneBundle(from(tt.env), func(name, v string) error { set[name] = v; return nil }, func(string) bool { return tt.bundle })
		if err != nil || !maps.Equal(set, tt.want) {
			t.Errorf("%s: %v is set, not %v (%v)", tt.name, set, tt.want, err)
		}
	}
}

// The authorities that are trusted are the same with the folders and without
// them. A server's own certificate may lie there too, as Debian's ssl-cert makes
// one of this machine's name: it is no authority, and no function needs it.
func TestOneBundleIsAllThatIsTrusted(t *testing.T) {
	var file string
	for _, b := range bundles {
		if file == "" && readable(b) {
			file = b
		}
	}
	if file == "" || os.Getenv(certFile) != "" || os.Getenv(certDir) != "" {
		t.Skip("this system has no bundle of authorities, or the environment names another")
	}
	all, err := x509.SystemCertPool()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	one := x509.NewCertPool()
	one.AppendCertsFromPEM(text)
	for _, c := range certificates(t, "/etc/ssl/certs/*", "/etc/pki/tls/certs/*") { // crypto/x509's folders
		if c.BasicConstraintsValid && !c.IsCA {
			one.AddCert(c)
		}
	}
	if !one.Equal(all) {
		t.Errorf("%s holds other authorities than the system's folders: see oneBundle", file)
	}
}

// certificates are those in the files, which hold other things too.
func certificates(t *testing.T, patterns ...string) (all []*x509.Certificate) {
	t.Helper()
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			rest, _ := os.ReadFile(file) // a folder, or a link to nothing
			for block, rest := pem.Decode(rest); block != nil; block, rest = pem.Decode(rest) {
				if c, err := x509.ParseCertificate(block.Bytes); err == nil {
					all = append(all, c)
				}
			}
		}
	}
	return all
}

func TestReadable(t *testing.T) {
	if readable(t.TempDir()) || readable("none") || readable(os.DevNull) {
		t.Error("a folder, nothing, or an empty file passes for a bundle")
	}
}
