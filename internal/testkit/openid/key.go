package openid

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"

	"github.com/go-jose/go-jose/v4"
)

// key signs ID tokens.
type key struct {
	id      string
	alg     jose.SignatureAlgorithm
	private any
	public  any
}

// firstKey is the same in all of a process: it takes a while to find.
var firstKey = sync.OnceValue(func() key {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(fmt.Sprint("no RSA key: ", err))
	}
	return key{id: "first", alg: jose.RS256, private: private, public: private.Public()}
})

func nextKey() key {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(fmt.Sprint("no EC key: ", err))
	}
	return key{id: random(), alg: jose.ES256, private: private, public: private.Public()}
}

// sign makes a compact JWS of the claims.
func (k key) sign(claims map[string]any) string {
	payload, err := json.Marshal(claims)
	if err != nil {
		panic(fmt.Sprint("claims that are no JSON: ", err))
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: k.alg, Key: jose.JSONWebKey{Key: k.private, KeyID: k.id}}, nil)
	if err != nil {
		panic(fmt.Sprint("a key that signs nothing: ", err))
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		panic(fmt.Sprint("a payload that was not signed: ", err))
	}
	compact, err := signed.CompactSerialize()
	if err != nil {
		panic(fmt.Sprint("a signature that was not written: ", err))
	}
	return compact
}

func (p *Provider) keys(w http.ResponseWriter) {
	var set jose.JSONWebKeySet
	p.set(func() {
		set.Keys = []jose.JSONWebKey{{Key: p.key.public, KeyID: p.key.id, Algorithm: string(p.key.alg), Use: "sig"}}
	})
	reply(w, http.StatusOK, set)
}
