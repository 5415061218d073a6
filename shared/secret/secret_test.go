package secret

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/iotest"
)

const hidden = "hunter2-hunter2-hunter2"

// shown renders a value in every way that a careless hand might.
func shown(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%X", "%q", "%d", "%o", "%b", "%t", "%c", "%U", "%e", "% x", "%#x", "%08d"} {
		fmt.Fprintf(&b, verb+"\n", v)
		fmt.Fprintf(&b, verb+"\n", []any{v})
		fmt.Fprintf(&b, verb+"\n", map[string]any{"k": v})
		fmt.Fprintf(&b, verb+"\n", struct{ V any }{v})
		fmt.Fprintf(&b, verb+"\n", &struct{ V any }{v})
	}
	fmt.Fprintln(&b, v, fmt.Errorf("failed with %v: %w", v, io.EOF), errors.Join(fmt.Errorf("%s", v)))
	j, err := json.Marshal(map[string]any{"v": v, "list": []any{v}})
	if err != nil {
		t.Fatal(err)
	}
	b.Write(j)
	for _, h := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
		slog.New(h).Info("x", "v", v, "in", struct{ V any }{v}, slog.Group("g", "v", v))
		slog.New(h).With("v", v).Info(fmt.Sprint(v))
	}
	return b.String()
}

func TestNothingSecretPrints(t *testing.T) {
	text := NewText(hidden)
	digest := text.Digest()
	for name, v := range map[string]any{"Text": text, "*Text": &text, "Digest": digest, "*Digest": &digest, "Op": Op(digest)} {
		got := shown(t, v)
		if !strings.Contains(got, redacted) {
			t.Errorf("%s shows nothing at all", name)
		}
		for _, leak := range []string{hidden, hex.EncodeToString([]byte(hidden)), hex.EncodeToString(digest[:4]), fmt.Sprintf("% x", digest[:4]),
			base64.StdEncoding.EncodeToString(digest[:3]), base64.RawURLEncoding.EncodeToString([]byte(hidden)), strings.Trim(fmt.Sprint(digest[:4]), "[]")} {
			if strings.Contains(strings.ToLower(got), strings.ToLower(leak)) {
				t.Errorf("%s shows %q", name, leak)
			}
		}
	}
	if text.Reveal() != hidden || text.Len() != len(hidden) || text.IsEmpty() || !NewText("").IsEmpty() {
		t.Error("the text is not what was put in")
	}
}

// fmt calls no method on what an unexported field holds.
func TestATextInAnUnexportedFieldDoesNotPrintEither(t *testing.T) {
	inside := struct{ t Text }{NewText(hidden)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d"} {
		for _, v := range []any{inside, &inside, []any{inside}, struct{ in struct{ t Text } }{inside}} {
			got := fmt.Sprintf(verb, v)
			if strings.Contains(got, hidden) || strings.Contains(strings.ToLower(got), hex.EncodeToString([]byte(hidden))) {
				t.Errorf("%s of %T shows it", verb, v)
			}
		}
	}
	if got := NewText("").Reveal(); got != "" {
		t.Errorf("the empty text is %q", got)
	}
}

func TestDigestsAndOpsCompare(t *testing.T) {
	a, b := NewText("a").Digest(), NewText("b").Digest()
	if !a.Equal(a) || a.Equal(b) || a.IsZero() || !(Digest{}).IsZero() || NewText("").Digest().IsZero() {
		t.Error("digests do not compare")
	}
	if want := "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"; hex.EncodeToString(a[:]) != want {
		t.Error("a digest is not SHA-256 of the whole string")
	}
	if !Op(a).Equal(Op(a)) || Op(a).Equal(Op(b)) || !(Op{}).IsZero() {
		t.Error("ops do not compare")
	}
}

func TestOpsAreDrawnAndFailWhole(t *testing.T) {
	a, err := NewOp(rand.Reader)
	b, err2 := NewOp(rand.Reader)
	if err != nil || err2 != nil || a.Equal(b) || a.IsZero() {
		t.Errorf("two ops are equal or missing: %v, %v", err, err2)
	}
	for _, r := range []io.Reader{iotest.ErrReader(io.ErrClosedPipe), bytes.NewReader(make([]byte, 31))} {
		if op, err := NewOp(r); err == nil || !op.IsZero() {
			t.Errorf("a short read gives an op, %v", err)
		}
	}
}

func TestDecodeReadsOnlyWhatEncodeWrote(t *testing.T) {
	const prefix, n = "rsc_xx_", 32
	payload := bytes.Repeat([]byte{0xa5}, n)
	s := Encode(prefix, payload).Reveal()
	if got, ok := Decode(prefix, n, s); !ok || !bytes.Equal(got, payload) {
		t.Fatal("what was encoded is not decoded")
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for i := range s {
		for _, c := range alphabet + " \n\r\t+/=\x00\xff" {
			changed := s[:i] + string(c) + s[i+1:]
			if _, ok := Decode(prefix, n, changed); ok && changed != s {
				t.Fatalf("the value with character %d changed to %q is taken", i, c)
			}
		}
	}
	for _, other := range []string{"", s[1:], s[:len(s)-1], s + "A", " " + s, s + "\n", strings.ToUpper(s), s[:20] + "\n" + s[20:], s[:20] + "\n" + s[21:], prefix} {
		if _, ok := Decode(prefix, n, other); ok {
			t.Errorf("%q is taken", other)
		}
	}
	for _, size := range []int{0, 31, 33, 48} {
		if _, ok := Decode(prefix, size, s); ok {
			t.Errorf("the value is taken for one of %d bytes", size)
		}
	}
	if _, ok := Decode("rsc_yy_", n, s); ok {
		t.Error("the value is taken under another prefix")
	}
}

func TestDecodeRefusesTrailingBits(t *testing.T) {
	// 32 bytes end in a character of which two bits count for nothing.
	const prefix, n = "p_", 32
	body := prefix + base64.RawURLEncoding.EncodeToString(make([]byte, n))
	for _, last := range "BCD" {
		changed := body[:len(body)-1] + string(last)
		if _, ok := Decode(prefix, n, withChecksum(changed)); ok {
			t.Errorf("a body that ends in %c is taken although its checksum fits a non-canonical spelling", last)
		}
	}
	if _, ok := Decode(prefix, n, withChecksum(body)); !ok {
		t.Error("the canonical spelling is not taken")
	}
}

func withChecksum(body string) string { return string(appendChecksum([]byte(body), []byte(body))) }
