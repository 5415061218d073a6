package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// listed is a file of the release.
type listed struct {
	Path   string `json:"path"` // with slashes
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// sums lists all files below dir but the sums themselves, sorted by path.
func sums(dir string) ([]listed, error) {
	var files []listed
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		relative, err := filepath.Rel(dir, path)
		if err != nil || relative == sumsName {
			return err
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		hash := sha256.New()
		n, err := io.Copy(hash, file)
		if err != nil {
			return err
		}
		files = append(files, listed{filepath.ToSlash(relative), n, hex.EncodeToString(hash.Sum(nil))})
		return nil
	})
	return files, err
}

// writeSums writes what `sha256sum --check` reads.
func writeSums(path string, files []listed) error {
	var b strings.Builder
	for _, f := range files {
		fmt.Fprintf(&b, "%s  %s\n", f.SHA256, f.Path)
	}
	return os.WriteFile(path, []byte(b.String()), 0o644)
}
