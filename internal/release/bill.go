package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

const billName = "rescind.cdx.json"

// writeBill writes the software bill of materials: what is published, and the
// modules that the go command says it linked into each.
func (r *release) writeBill(files []listed) error {
	body, err := bill(r.version, r.programs, r.modules(), files)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.dir, billName), body, 0o644)
}

// bill is a CycloneDX document. It has no time, and a serial number that
// follows from the rest, so that the same release has the same bill.
func bill(version string, programs []program, modules []module, files []listed) ([]byte, error) {
	b := cdx.NewBOM()
	self := cdx.Component{
		BOMRef: "rescind", Type: cdx.ComponentTypeApplication, Name: "rescind", Version: version,
		PackageURL: "pkg:golang/rescind@" + escaped(version),
		Licenses:   &cdx.Licenses{{License: &cdx.License{ID: "Apache-2.0"}}},
	}
	b.Metadata = &cdx.Metadata{Component: &self}
	hashes := map[string]string{}
	for _, f := range files {
		hashes[f.Path] = f.SHA256
	}
	var components []cdx.Component
	var published []string
	depends := []cdx.Dependency{}
	goVersions := map[string]bool{}
	for _, p := range programs {
		if hashes[p.path] == "" {
			return nil, fmt.Errorf("there is no file %s to be in the bill of materials", p.path)
		}
		std := stdlib(p.info.GoVersion)
		if !goVersions[std.BOMRef] {
			goVersions[std.BOMRef] = true
			components = append(components, std)
		}
		components = append(components, zipped(p, version, hashes[p.path]))
		published = append(published, p.path)
		refs := []string{std.BOMRef}
		for _, m := range modulesOf(p) {
			refs = append(refs, m.ref())
		}
		depends = append(depends, cdx.Dependency{Ref: p.path, Dependencies: &refs})
	}
	for _, m := range modules {
		components = append(components, m.component())
	}
	depends = append([]cdx.Dependency{{Ref: self.BOMRef, Dependencies: &published}}, depends...)
	b.Components, b.Dependencies = &components, &depends
	body, err := encode(b)
	if err != nil {
		return nil, err
	}
	b.SerialNumber = serial(body)
	return encode(b)
}

func encode(b *cdx.BOM) ([]byte, error) {
	var out bytes.Buffer
	err := cdx.NewBOMEncoder(&out, cdx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(b, cdx.SpecVersion1_6)
	return out.Bytes(), err
}

// serial is a UUID by a name's digest (RFC 9562 section 5.8).
func serial(body []byte) string {
	sum := sha256.Sum256(body)
	id := sum[:16]
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	s := hex.EncodeToString(id)
	return "urn:uuid:" + strings.Join([]string{s[:8], s[8:12], s[12:16], s[16:20], s[20:]}, "-")
}

// zipped is one program in its zip file, whose digest is given.
func zipped(p program, version, digest string) cdx.Component {
	properties := []cdx.Property{}
	for _, s := range p.info.Settings {
		if s.Key == "GOOS" || s.Key == "GOARCH" || s.Key == "CGO_ENABLED" || s.Key == "-tags" {
			properties = append(properties, cdx.Property{Name: "go:" + strings.TrimPrefix(s.Key, "-"), Value: s.Value})
		}
	}
	return cdx.Component{
		BOMRef: p.path, Type: cdx.ComponentTypeApplication, Name: p.name, Version: version,
		Hashes:     &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: digest}},
		Properties: &properties,
	}
}

// stdlib is Go's own library. go1.26.8 is the version 1.26.8.
func stdlib(goVersion string) cdx.Component {
	version, _, _ := strings.Cut(strings.TrimPrefix(goVersion, "go"), " ")
	m := module{Path: "std", Version: version}
	return m.component()
}

func (m module) ref() string { return "pkg:golang/" + m.Path + "@" + escaped(m.Version) }

func (m module) component() cdx.Component {
	c := cdx.Component{BOMRef: m.ref(), Type: cdx.ComponentTypeLibrary, Name: m.Path, Version: m.Version, PackageURL: m.ref()}
	if m.Sum != "" {
		// The go command's own sum, over the names and digests of a module's files.
		c.Properties = &[]cdx.Property{{Name: "go:sum", Value: m.Sum}}
	}
	return c
}

// escaped is a version in a package URL, where a plus sign would be a blank.
func escaped(version string) string { return strings.ReplaceAll(version, "+", "%2B") }
