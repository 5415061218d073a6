package faultvfs

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// scenario is a log of which one write was synced and three changes were not,
// a journal that was deleted, and a file that was made just now.
func scenario(folder string) *disk {
	d := &disk{map[string]*image{}}
	log, journal := filepath.Join(folder, "x-wal"), filepath.Join(folder, "x-journal")
	d.found(log, []byte{}, true)
	d.change(log, change{0, bytes.Repeat([]byte{1}, 2048)})
	d.sync(log)
	d.change(log, change{at: 1024})
	d.change(log, change{1024, bytes.Repeat([]byte{2}, 1024)})
	d.change(log, change{2048, bytes.Repeat([]byte{3}, 1024)})
	d.found(journal, []byte("old"), true)
	d.remove(journal, false)
	d.found(filepath.Join(folder, "made"), []byte{}, false)
	return d
}

func TestALossTakesOnlyWhatWasNotSynced(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	seen := map[string]bool{}
	for l := LoseAll; l <= LoseLast; l++ {
		for range 50 {
			folder := t.TempDir()
			if err := scenario(folder).fail(l, r); err != nil {
				t.Fatal(err)
			}
			log, err := os.ReadFile(filepath.Join(folder, "x-wal"))
			if err != nil || len(log) < 1024 || !bytes.Equal(log[:1024], bytes.Repeat([]byte{1}, 1024)) {
				t.Fatalf("%s: what was synced is gone (%v)", l, err)
			}
			for at := 0; at+512 <= len(log); at += 512 {
				if sector := log[at : at+512]; sector[0] > 3 || !bytes.Equal(sector, bytes.Repeat(sector[:1], 512)) {
					t.Fatalf("%s: a sector is neither old nor new", l)
				}
			}
			there := ""
			for _, name := range []string{"x-journal", "made"} {
				if _, err := os.Stat(filepath.Join(folder, name)); err == nil {
					there += " " + name
				}
			}
			switch whole := len(log) == 3072 && log[1024] == 2 && log[2048] == 3; {
			case l == LoseAll && (len(log) != 2048 || log[1024] != 1 || there != " x-journal"):
				t.Errorf("%s, and there are %d bytes and%s", l, len(log), there)
			case l == LoseNothing && (!whole || there != " made"):
				t.Errorf("%s, and there are %d bytes and%s", l, len(log), there)
			}
			seen[l.String()+there+string(log)] = true
		}
	}
	if len(seen) < 20 {
		t.Errorf("only %d different ends in 250 losses", len(seen))
	}
}

func TestAFoldersSyncSettlesItsNames(t *testing.T) {
	folder := t.TempDir()
	d := scenario(folder)
	d.syncFolder(folder)
	if err := d.fail(LoseAll, rand.New(rand.NewPCG(1, 2))); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(folder, "made")); err != nil {
		t.Errorf("what was made: %v", err)
	}
	if _, err := os.Stat(filepath.Join(folder, "x-journal")); !os.IsNotExist(err) {
		t.Errorf("what was deleted: %v", err)
	}
}
