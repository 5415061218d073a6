package artifact

import (
	"archive/zip"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// epoch is when every file in a zip was last changed: the first moment that
// the format can say.
var epoch = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// Zip writes a zip file that holds program, executable, and the texts beside
// it, each under the last part of its path, and gives the zip file's size in
// bytes. The same contents give the same bytes. Lambda's custom runtimes want
// the one program to be named bootstrap.
func Zip(program, zipPath string, beside ...string) (size int64, err error) {
	return pack(zipPath, func(z *zip.Writer) error {
		if err := add(z, program, 0o755); err != nil {
			return err
		}
		return addAll(z, beside)
	})
}

// Pack writes a zip file of files that are no programs, in all else as Zip.
func Pack(zipPath string, files ...string) (size int64, err error) {
	return pack(zipPath, func(z *zip.Writer) error { return addAll(z, files) })
}

// pack leaves no file where it fails.
func pack(zipPath string, fill func(*zip.Writer) error) (size int64, err error) {
	if err := os.MkdirAll(filepath.Dir(zipPath), 0o755); err != nil {
		return 0, err
	}
	file, err := os.Create(zipPath)
	if err != nil {
		return 0, err
	}
	defer func() {
		if err = errors.Join(err, file.Close()); err != nil {
			size, err = 0, errors.Join(fmt.Errorf("writing %s: %w", zipPath, err), os.Remove(zipPath))
		}
	}()
	z := zip.NewWriter(file)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestCompression) })
	if err := errors.Join(fill(z), z.Close()); err != nil { // Close writes the directory
		return 0, err
	}
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func addAll(z *zip.Writer, texts []string) error {
	for _, text := range texts {
		if err := add(z, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func add(z *zip.Writer, path string, mode os.FileMode) error {
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	// No folder: what is unpacked lies where one is.
	header := &zip.FileHeader{Name: filepath.Base(path), Method: zip.Deflate, Modified: epoch}
	header.SetMode(mode)
	w, err := z.CreateHeader(header)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, from)
	return err
}
