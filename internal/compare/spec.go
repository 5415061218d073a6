package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// The operations, in the order in which they are measured: a refresh may end
// the access tokens that were introspected, and a revocation ends what was issued.
const (
	introspection = "introspection"
	issue         = "issue"
	refresh       = "refresh"
	revocation    = "revocation"
)

var operations = []string{introspection, issue, refresh, revocation}

// Peer is what a folder under peers says of another server.
type Peer struct {
	Name     string            `json:"name"`
	Language string            `json:"language"` // go, node or python
	Package  string            `json:"package"`  // as its registry names it
	Paths    Paths             `json:"paths"`
	Seed     []string          `json:"seed"`
	Variants []Variant         `json:"variants"`
	Notes    []string          `json:"notes"`
	Missing  map[string]string `json:"missing"` // operations it does not offer, and why

	Version string `json:"-"` // as the folder pins it
}

// Paths are where a server's endpoints are.
type Paths struct {
	Token         string `json:"token"`
	Introspection string `json:"introspection"`
	Revocation    string `json:"revocation"`
}

// Variant is one way to run a peer.
type Variant struct {
	Suffix     string            `json:"suffix"`
	Serve      []string          `json:"serve"`
	Environ    map[string]string `json:"environ"`
	Durable    bool              `json:"durable"` // a write is on the disk before its answer
	Durability string            `json:"durability"`
	Setup      string            `json:"setup"`
}

// rowName is what a variant is called in --only and in the tables.
func (p Peer) rowName(v Variant) string {
	if v.Suffix == "" {
		return p.Name
	}
	return p.Name + "-" + v.Suffix
}

// readPeers reads every folder of the tree, in the order of their names.
func readPeers(tree fs.FS) ([]Peer, error) {
	paths, err := fs.Glob(tree, "*/peer.json")
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, errors.New("there is no peers/*/peer.json: run this from the module's root")
	}
	var peers []Peer
	for _, name := range paths {
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return nil, err
		}
		p, err := parsePeer(path.Dir(name), text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		manifest, err := fs.ReadFile(tree, path.Join(p.Name, manifests[p.Language]))
		if err != nil {
			return nil, err
		}
		if p.Version, err = pinned(p.Language, p.Package, manifest); err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
		peers = append(peers, p)
	}
	return peers, nil
}

func parsePeer(folder string, text []byte) (Peer, error) {
	var p Peer
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return Peer{}, err
	}
	switch {
	case p.Name != folder:
		return Peer{}, fmt.Errorf("its name is %q and its folder %q", p.Name, folder)
	case manifests[p.Language] == "":
		return Peer{}, fmt.Errorf("language %q is none of go, node and python", p.Language)
	case p.Package == "" || len(p.Seed) == 0 || len(p.Variants) == 0:
		return Peer{}, errors.New("it needs a package, a seed command and a variant")
	}
	for _, where := range []string{p.Paths.Token, p.Paths.Introspection, p.Paths.Revocation} {
		if !strings.HasPrefix(where, "/") {
			return Peer{}, fmt.Errorf("the path %q does not begin with a slash", where)
		}
	}
	for name, why := range p.Missing {
		if !slices.Contains(operations, name) || why == "" {
			return Peer{}, fmt.Errorf("missing: %q is no operation, or has no reason", name)
		}
	}
	return p, checkVariants(p)
}

func checkVariants(p Peer) error {
	seen := map[string]bool{}
	for _, v := range p.Variants {
		if len(v.Serve) == 0 || v.Durability == "" || v.Setup == "" {
			return fmt.Errorf("the variant %q needs serve, durability and setup", v.Suffix)
		}
		if seen[v.Suffix] {
			return fmt.Errorf("two variants have the suffix %q", v.Suffix)
		}
		seen[v.Suffix] = true
	}
	return nil
}

// manifests is the file of each language that pins versions.
var manifests = map[string]string{"go": "go.mod", "node": "package.json", "python": "requirements.txt"}

// pinned finds the one version that a manifest pins a package to.
func pinned(language, name string, manifest []byte) (string, error) {
	version := ""
	switch language {
	case "node":
		var m struct {
			Dependencies map[string]string `json:"dependencies"`
		}
		if err := json.Unmarshal(manifest, &m); err != nil {
			return "", err
		}
		version = m.Dependencies[name]
	case "python":
		for line := range strings.Lines(string(manifest)) {
			if key, value, ok := strings.Cut(strings.TrimSpace(line), "=="); ok && strings.EqualFold(key, name) {
				version = value
			}
		}
	default:
		for line := range strings.Lines(string(manifest)) {
			words := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
			if len(words) >= 2 && words[0] == name {
				version = words[1]
			}
		}
	}
	if version == "" || strings.ContainsAny(version[:1], "^~><*=") {
		return "", fmt.Errorf("%s does not pin %s to one version", manifests[language], name)
	}
	return version, nil
}
