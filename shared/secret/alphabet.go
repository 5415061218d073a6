package secret

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"strings"
)

// checksumLen is the length of the checksum in characters.
const checksumLen = 6

// strict refuses non-canonical trailing bits, so that a value has one spelling.
var strict = base64.RawURLEncoding.Strict()

// Encode writes payload as prefix, base64url, checksum. The checksum is the
// CRC-32 (IEEE) of all that stands before it, big-endian, in base64url: it
// lets a secret scanner, and us, tell a mistyped value from a real one without
// a look-up. It proves nothing. All characters are within RFC 6750's b64token.
func Encode(prefix string, payload []byte) Text {
	var buf [128]byte // holds every value of ours: no allocation but the string
	b := append(buf[:0], prefix...)
	b = strict.AppendEncode(b, payload)
	return NewText(string(appendChecksum(b, b)))
}

// Decode reads what Encode wrote: the exact prefix, exactly n payload bytes,
// canonical, with a checksum that fits. Anything else is not ours.
func Decode(prefix string, n int, s string) (payload []byte, ok bool) {
	if len(s) != len(prefix)+strict.EncodedLen(n)+checksumLen || !strings.HasPrefix(s, prefix) {
		return nil, false
	}
	var buf [128]byte
	body := append(buf[:0], s[:len(s)-checksumLen]...)
	if string(appendChecksum(body, body)[len(body):]) != s[len(body):] {
		return nil, false
	}
	payload = make([]byte, n)
	// The length is exact, so newlines, which the decoder would skip, leave it short.
	m, err := strict.Decode(payload, body[len(prefix):])
	return payload, err == nil && m == n
}

// appendChecksum appends the checksum of body to dst.
func appendChecksum(dst, body []byte) []byte {
	var sum [4]byte
	binary.BigEndian.PutUint32(sum[:], crc32.ChecksumIEEE(body))
	return strict.AppendEncode(dst, sum[:])
}
