package tables

import "os"

const (
	certFile = "SSL_CERT_FILE" // the two that crypto/x509 reads
	certDir  = "SSL_CERT_DIR"
	caBundle = "AWS_CA_BUNDLE" // the AWS tools' own
)

// nowhere is a folder for crypto/x509 in which there is nothing.
const nowhere = os.DevNull

// bundles are where the systems that functions run on keep the certificate
// authorities that they trust, in crypto/x509's order: its own list begins so.
var bundles = []string{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"}

// oneBundle has crypto/x509 read the certificate authorities once. Left alone
// it reads the first bundle that it finds, and then every file of two folders
// which hold that bundle again, and its parts: that is most of the processor's
// time of a cold start. Which authorities are trusted is not changed, nor where
// somebody says so by crypto/x509's own variables. AWS_CA_BUNDLE takes their
// place, as it does for the AWS tools.
func oneBundle(getenv func(string) string, setenv func(name, value string) error, exists func(file string) bool) error {
	if getenv(certFile) != "" || getenv(certDir) != "" {
		return nil
	}
	if named := getenv(caBundle); named != "" {
		if err := setenv(certFile, named); err != nil {
			return err
		}
		return setenv(certDir, nowhere)
	}
	for _, file := range bundles {
		if exists(file) {
			return setenv(certDir, nowhere)
		}
	}
	return nil
}

// readable tells whether a file has something in it.
func readable(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular() && info.Size() > 0
}
