package client

import (
	"context"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// The costs within which an imported hash is taken: a hash outside them would
// let one request hold a core for seconds, or the memory of a small function.
const (
	maxPBKDF2Iterations = 2_000_000
	maxBcryptCost       = 14
	maxArgon2Memory     = 100 * 1024 // KiB, which is django's default
	maxArgon2Time       = 10
	maxArgon2Threads    = 16
)

// upgradeLen is the length, in bytes, from which an imported secret is strong
// enough to be kept as a plain SHA-256 after it verified.
const upgradeLen = 32

// ErrHashesBusy is the outage of too many slow hashes at once; ask again.
var ErrHashesBusy = errors.New("too many imported client secrets are being verified at once; rotate those clients to secrets of our own")

var errHash = errors.New("not a hash that can be imported: pbkdf2_sha256 of up to 2,000,000 rounds, bcrypt or bcrypt_sha256 up to cost 14, or argon2id up to 100 MiB, 10 passes and 16 lanes")

// hashGate lets a few slow verifications run at once.
type hashGate chan struct{}

// enter waits a moment for a place; busy is ErrHashesBusy.
func (g hashGate) enter(ctx context.Context) error {
	wait := time.NewTimer(200 * time.Millisecond)
	defer wait.Stop()
	select {
	case g <- struct{}{}:
		return nil
	case <-wait.C:
		return ErrHashesBusy
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g hashGate) leave() { <-g }

// CheckImported tells whether a hash can be imported, without verifying
// anything against it: its notation is known and its cost within bounds.
func CheckImported(hash string) error {
	_, err := parseImported(hash)
	return err
}

// verifier compares one password with a parsed hash.
type verifier func(password string) bool

// parseImported reads django's "algorithm$..." notations and the PHC form of
// argon2id. The error never holds the hash.
func parseImported(hash string) (verifier, error) {
	switch algorithm, rest, _ := strings.Cut(hash, "$"); algorithm {
	case "pbkdf2_sha256":
		return parsePBKDF2(rest)
	case "bcrypt":
		return parseBcrypt(rest)
	case "bcrypt_sha256":
		return parseBcryptSHA256(rest)
	case "argon2":
		return parseArgon2id("$" + rest)
	case "":
		if strings.HasPrefix(hash, "$argon2id$") {
			return parseArgon2id(hash)
		}
		return parseBcrypt(hash)
	}
	return nil, errHash
}

func parsePBKDF2(rest string) (verifier, error) {
	parts := strings.Split(rest, "$")
	if len(parts) != 3 {
		return nil, errHash
	}
	iterations, err := strconv.Atoi(parts[0])
	want, err2 := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || err2 != nil || iterations < 1 || iterations > maxPBKDF2Iterations || len(want) != sha256.Size || len(parts[1]) > 128 {
		return nil, errHash
	}
	salt := []byte(parts[1])
	return func(password string) bool {
		got, err := pbkdf2.Key(sha256.New, password, salt, iterations, len(want))
		return err == nil && subtle.ConstantTimeCompare(got, want) == 1
	}, nil
}

func parseBcrypt(hash string) (verifier, error) {
	cost, err := bcrypt.Cost([]byte(hash))
	if err != nil || cost > maxBcryptCost {
		return nil, errHash
	}
	return func(password string) bool {
		// bcrypt ignores what follows 72 bytes; a longer secret cannot have been hashed whole.
		return len(password) <= 72 && bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil
	}, nil
}

// parseBcryptSHA256 reads django's bcrypt of a digest, which has no length to mind.
func parseBcryptSHA256(rest string) (verifier, error) {
	check, err := parseBcrypt(rest)
	if err != nil {
		return nil, err
	}
	return func(password string) bool {
		sum := sha256.Sum256([]byte(password))
		return check(hex.EncodeToString(sum[:]))
	}, nil
}

// parseArgon2id reads $argon2id$v=19$m=..,t=..,p=..$salt$hash.
func parseArgon2id(phc string) (verifier, error) {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != "v=19" {
		return nil, errHash
	}
	var memory, passes uint32
	var threads uint8
	const costs = "m=%d,t=%d,p=%d"
	_, err := fmt.Sscanf(parts[3], costs, &memory, &passes, &threads)
	if err != nil || fmt.Sprintf(costs, memory, passes, threads) != parts[3] { // Sscanf does not mind what follows
		return nil, errHash
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	want, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	switch {
	case err != nil, err2 != nil, len(want) < 16, len(want) > 64, len(salt) > 128,
		memory < 8, memory > maxArgon2Memory, passes < 1, passes > maxArgon2Time, threads < 1, threads > maxArgon2Threads:
		return nil, errHash
	}
	return func(password string) bool {
		got := argon2.IDKey([]byte(password), salt, passes, memory, threads, uint32(len(want)))
		return subtle.ConstantTimeCompare(got, want) == 1
	}, nil
}
