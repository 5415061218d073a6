package client

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"rescind/shared/oauth"
	"rescind/shared/secret"
)

// The hashes were made by other implementations: Python's hashlib, libcrypt,
// and argon2's reference implementation.
const (
	pbkdf2Long  = "pbkdf2_sha256$1000$seasalt$p5CBwLW9zvbiBIYcCEyLF/fWfp9qvezD8gIo9oXBST0=" // correct horse battery staple, 36 by+
	pbkdf2Short = "pbkdf2_sha256$1$seasalt2$XT2y72Vtj5HLC9ManEnp/GgeOQrRQ+K0bwdkB+ap+zo="   // short
	bcrypt40    = "$2b$04$abcdefghijklmnopqrstuuIihgExMqZZSHJNF.C4obEVRYwdDclIG"            // an imported secret of forty characters!!
	argon2Plain = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
	argon2Long  = "$argon2id$v=19$m=1024,t=2,p=4$c2FsdHNhbHRzYWx0$04Yz5NqvootiNjSdcd6FBZ2K0Joqwg/KV835dnemD64" // as the first
)

func TestImportedHashesVerify(t *testing.T) {
	for _, c := range []struct{ name, hash, password string }{
		{"django's pbkdf2", pbkdf2Long, "correct horse battery staple, 36 by+"},
		{"django's pbkdf2 of a short one", pbkdf2Short, "short"},
		{"django's bcrypt", "bcrypt$" + bcrypt40, "an imported secret of forty characters!!"},
		{"django's bcrypt_sha256", "bcrypt_sha256$$2b$04$abcdefghijklmnopqrstuucoIBETYN6TiN81HhEOXDilbSjE0nMf6", "an imported secret of forty characters!!"},
		{"plain bcrypt", bcrypt40, "an imported secret of forty characters!!"},
		{"django's argon2id", "argon2" + argon2Plain, "password"},
		{"plain argon2id", argon2Plain, "password"},
		{"argon2id in four lanes", argon2Long, "correct horse battery staple, 36 by+"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := CheckImported(c.hash); err != nil {
				t.Fatal(err)
			}
			row, _ := withSecret(t, func(cl *Client) {
				cl.Secrets = []Secret{{Imported: secret.NewText(c.hash), Created: noon.Add(-time.Hour)}}
			})
			proof, err := try(newAuthenticator(), row, oauth.AuthBasic, secret.NewText(c.password))
			if err != nil {
				t.Fatal(err)
			}
			from, to, ok := proof.Upgrade()
			if ok != (len(c.password) >= 32) {
				t.Errorf("a secret of %d bytes is upgraded: %t", len(c.password), ok)
			}
			if ok && (!from.Same(row.Secrets[0]) || to.Digest != secret.NewText(c.password).Digest() || !to.Imported.IsEmpty() || !to.Created.Equal(from.Created) || to.Created.IsZero()) {
				t.Error("the upgrade is not from what was kept to its digest")
			}
			for _, wrong := range []string{c.password + "x", c.password[1:], strings.ToUpper(c.password), c.hash} {
				if _, err := try(newAuthenticator(), row, oauth.AuthBasic, secret.NewText(wrong)); err == nil {
					t.Errorf("another password is taken: %q", wrong)
				}
			}
		})
	}
}

func TestABcryptHashIsOfWholeSecretsOnly(t *testing.T) {
	check, err := parseImported(bcrypt40)
	if err != nil {
		t.Fatal(err)
	}
	if check(strings.Repeat("x", 73)) {
		t.Error("a secret longer than bcrypt reads is taken")
	}
}

func TestNoOtherHashIsTaken(t *testing.T) {
	for _, hash := range []string{
		"", "$", "plain", "md5$salt$hash", "sha1$x$y", "unsalted", "pbkdf2_sha1$1000$s$x", "bcrypt_sha256$", "bcrypt_sha256$" + bcrypt40[:40],
		"pbkdf2_sha256$", "pbkdf2_sha256$1000$seasalt", pbkdf2Long + "$", "pbkdf2_sha256$0$seasalt$p5CBwLW9zvbiBIYcCEyLF/fWfp9qvezD8gIo9oXBST0=",
		"pbkdf2_sha256$2000001$seasalt$p5CBwLW9zvbiBIYcCEyLF/fWfp9qvezD8gIo9oXBST0=", "pbkdf2_sha256$-1$s$p5CBwLW9zvbiBIYcCEyLF/fWfp9qvezD8gIo9oXBST0=",
		"pbkdf2_sha256$1000$s$p5CBwLW9", "pbkdf2_sha256$1000$s$!!", "pbkdf2_sha256$99999999999999999999$s$p5CBwLW9zvbiBIYcCEyLF/fWfp9qvezD8gIo9oXBST0=",
		"pbkdf2_sha256$1000$" + strings.Repeat("s", 129) + "$p5CBwLW9zvbiBIYcCEyLF/fWfp9qvezD8gIo9oXBST0=",
		strings.Replace(bcrypt40, "$04$", "$15$", 1), bcrypt40[:40], "$2b$xx$abcdefghijklmnopqrstuuIihgExMqZZSHJNF.C4obEVRYwdDclIG",
		strings.Replace(argon2Plain, "argon2id", "argon2i", 1), strings.Replace(argon2Plain, "v=19", "v=16", 1),
		strings.Replace(argon2Plain, "m=256", "m=102401", 1), strings.Replace(argon2Plain, "m=256", "m=7", 1), strings.Replace(argon2Plain, "m=256", "m=99999999999", 1),
		strings.Replace(argon2Plain, "t=2", "t=0", 1), strings.Replace(argon2Plain, "t=2", "t=11", 1), strings.Replace(argon2Plain, "p=1", "p=0", 1),
		strings.Replace(argon2Plain, "p=1", "p=17", 1), strings.Replace(argon2Plain, "p=1", "p=1,x=2", 1), strings.Replace(argon2Plain, "p=1", "p=257", 1),
		argon2Plain + "$x", strings.Replace(argon2Plain, "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "nf65", 1), strings.Replace(argon2Plain, "c29tZXNhbHQ", "!", 1),
	} {
		err := CheckImported(hash)
		if err == nil {
			t.Errorf("%q is taken", hash)
		} else if len(hash) > 6 && strings.Contains(err.Error(), hash[len(hash)-6:]) {
			t.Errorf("the error repeats the hash")
		}
	}
}

func TestTooManyHashesAtOnceAreAnOutage(t *testing.T) {
	row, _ := withSecret(t, func(c *Client) { c.Secrets = []Secret{{Imported: secret.NewText(pbkdf2Short)}} })
	a := newAuthenticator()
	for range cap(a.hashes) {
		if err := a.hashes.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := try(a, row, oauth.AuthBasic, secret.NewText("short")); !errors.Is(err, ErrHashesBusy) || errors.As(err, new(*oauth.Error)) {
		t.Errorf("a full gate answers %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.hashes.enter(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled wait answers %v", err)
	}
	time.AfterFunc(10*time.Millisecond, a.hashes.leave)
	if _, err := try(a, row, oauth.AuthBasic, secret.NewText("short")); err != nil {
		t.Errorf("once a place is free: %v", err)
	}
	// A wrong secret, a long one, and one of ours never reach a hash that could not hold them.
	if _, err := try(a, row, oauth.AuthBasic, secret.NewText(strings.Repeat("x", 257))); !errors.As(err, new(*oauth.Error)) {
		t.Errorf("a secret of 257 bytes answers %v", err)
	}
}

func TestOursAndLongSecretsAreNeverHashedSlowly(t *testing.T) {
	row, text := withSecret(t, func(c *Client) { c.Secrets = []Secret{{Imported: secret.NewText(pbkdf2Short)}} })
	a := newAuthenticator()
	a.hashes = nil // entering would block for ever and then be busy
	for _, s := range []secret.Text{text, secret.NewText(strings.Repeat("x", 257)), {}} {
		if _, err := try(a, row, oauth.AuthBasic, s); !errors.As(err, new(*oauth.Error)) {
			t.Errorf("a secret of %d bytes reached the slow hash: %v", s.Len(), err)
		}
	}
	if _, err := try(a, row, oauth.AuthBasic, secret.NewText(strings.Repeat("x", 256))); !errors.Is(err, ErrHashesBusy) {
		t.Errorf("a secret of 256 bytes did not reach it: %v", err)
	}
}
