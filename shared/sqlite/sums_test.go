package sqlite_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // the driver "sqlite": another program, which knows no sums

	"rescind/shared/grant"
	"rescind/shared/sqlite"
)

// foreign opens the file as another program does.
func foreign(t *testing.T, p string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", p)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// sumsWrong checks that an error says so, of the file and a page of it.
func sumsWrong(t *testing.T, p, where string, err error) {
	t.Helper()
	if err == nil {
		t.Fatal("nothing was noticed")
	}
	if text := err.Error(); !strings.Contains(text, p+" is damaged (page ") || !strings.Contains(text, where+" has a wrong checksum") {
		t.Fatalf("the error is %v", err)
	}
}

// harmed are the numbers of the pages that differ; their last 8 bytes hold
// nothing.
func harmed(was, is []byte) (pages []int) {
	for at := 0; at < len(was); at += pageSize {
		if end := at + pageSize - 8; !bytes.Equal(was[at:end], is[at:end]) {
			pages = append(pages, at/pageSize+1)
		}
	}
	return pages
}

// checked requires that Check names all pages that were harmed, and none where
// none was. Without the first there is no reading the others.
func (f sample) checked(t *testing.T, harm string, pages []int) {
	t.Helper()
	complaints, err := sqlite.Check(t.Context(), f.path)
	if len(pages) == 0 && (err != nil || len(complaints) > 0) {
		t.Errorf("%s, and nothing was harmed: the check says %v, %v", harm, complaints, err)
	}
	for _, page := range pages {
		says := strings.Join(complaints, "; ")
		if page == 1 && (err != nil || len(complaints) > 0) {
			return
		}
		if err != nil || !strings.Contains(says, fmt.Sprintf("page %d has a wrong checksum", page)) {
			t.Errorf("%s on page %d: the check says %s, %v", harm, page, says, err)
		}
	}
}

// The log's own checksums are over what a page was before it got its sum, and
// stay right: of any page, whatever was in the room for the sum.
func TestASumLeavesTheLogsChecksumRight(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		page := make([]byte, 512<<r.IntN(5))
		noise(r, page)
		if r.IntN(2) == 0 {
			clear(page[len(page)-24:])
		}
		before := append([]byte{}, page...)
		s0, s1 := sqlite.FrameSum(page)
		sqlite.PutSum(page, r.Uint32())
		if is0, is1 := sqlite.FrameSum(page); is0 != s0 || is1 != s1 {
			t.Fatalf("the log's checksum was %x %x and is %x %x", s0, s1, is0, is1)
		}
		if !sqlite.SumIsRight(page) || !bytes.Equal(page[:len(page)-24], before[:len(page)-24]) {
			t.Fatal("the sum is wrong, or the page was changed")
		}
		for range 20 {
			bit := r.IntN(8 * (len(page) - 8))
			page[bit/8] ^= 1 << (bit % 8)
			if sqlite.SumIsRight(page) {
				t.Fatalf("bit %d is not noticed", bit)
			}
			page[bit/8] ^= 1 << (bit % 8)
		}
	}
}

func TestWhatAnotherProgramWritesIsNoticed(t *testing.T) {
	for where, inFile := range map[string]bool{" in its -wal file": false, "": true} {
		p := path(t)
		s := open(t, p, sqlite.Options{})
		g := born(t, s, 1)[0]
		if _, err := rules.RevokeGrant(t.Context(), s, g.Grant, "asked"); err != nil {
			t.Fatal(err)
		}
		if inFile { // the other is the last to close, and moves the log into the file
			_ = s.Close()
		}
		db := foreign(t, p)
		if _, err := db.Exec(`UPDATE grants SET rev_at = NULL`); err != nil {
			t.Fatal(err)
		}
		if inFile {
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			write(t, p+"-wal", nil) // which the other removed
			s = open(t, p, sqlite.Options{})
		}
		_, err := s.Find(t.Context(), grant.Keys{Grants: ids(g)})
		sumsWrong(t, p, where, err)
		if found, err := sqlite.Check(t.Context(), p); err != nil || len(found) == 0 || !strings.Contains(found[0], where+" has a wrong checksum") {
			t.Errorf("the check says %v, %v", found, err)
		}
	}
}

// Another program may read the file and recover its log: that has the sums
// within, and checksums that are right.
func TestAnotherProgramReadsAndRecoversTheFile(t *testing.T) {
	p := revokedInTheLog(t)
	remove(t, p+"-shm")
	db := foreign(t, p)
	var revoked int
	var says string
	if err := db.QueryRow(`SELECT count(*) FROM grants WHERE rev_at IS NOT NULL`).Scan(&revoked); err != nil || revoked != 1 {
		t.Errorf("another program finds %d revoked grants (%v)", revoked, err)
	}
	if err := db.QueryRow(`PRAGMA integrity_check`).Scan(&says); err != nil || says != "ok" {
		t.Errorf("its check says %s (%v)", says, err)
	}
	if _, err := db.Exec(`PRAGMA wal_checkpoint(TRUNCATE)`); err != nil { // and may move it into the file
		t.Fatal(err)
	}
	if found, err := sqlite.Check(t.Context(), p); err != nil || len(found) > 0 {
		t.Errorf("the check says %v, %v", found, err)
	}
}

// flip changes one bit of what a page holds, in place.
func flip(t *testing.T, path string, at int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	b := make([]byte, 1)
	if _, err := f.ReadAt(b, at); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 4
	if _, err := f.WriteAt(b, at); err != nil {
		t.Fatal(err)
	}
}

// SQLite looks at the log's checksums when it recovers it and never again. What
// happens to it while it is in use is noticed all the same, and a checkpoint
// does not move it into the file.
func TestDamageToALogInUseIsNoticedAndNotMoved(t *testing.T) {
	p := path(t)
	s := open(t, p, sqlite.Options{})
	all := born(t, s, 20)
	log, err := os.ReadFile(p + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	other := open(t, p, sqlite.Options{}) // has read no grant yet
	for at := int64(32 + 24); at < int64(len(log)); at += 24 + pageSize {
		flip(t, p+"-wal", at+pageSize-300) // in a row
	}
	_, err = other.Find(t.Context(), grant.Keys{Grants: ids(all[0])})
	sumsWrong(t, p, " in its -wal file", err)
	before, err := os.ReadFile(p)
	if err != nil {
		t.Fatal(err)
	}
	if err := sqlite.Exec(p, `PRAGMA wal_checkpoint(TRUNCATE)`); err == nil || !strings.Contains(err.Error(), "has a wrong checksum") {
		t.Errorf("moving the log: %v", err)
	}
	if after, err := os.ReadFile(p); err != nil || !bytes.Equal(before, after) {
		t.Errorf("a damaged page was moved into the file (%v)", err)
	}
	// With the bits as they were all is well again.
	for at := int64(32 + 24); at < int64(len(log)); at += 24 + pageSize {
		flip(t, p+"-wal", at+pageSize-300)
	}
	if rows, err := other.Find(t.Context(), grant.Keys{Grants: ids(all...)}); err != nil || rows.Grants[0] == nil {
		t.Errorf("reading: %v", err)
	}
	if err := sqlite.Exec(p, `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		t.Errorf("moving the log: %v", err)
	}
}

// A whole page of the log in another's frame has a right sum. It is the number
// that tells, when it would get to the other's place.
func TestAPageOfTheLogInAnothersFrameIsNotMoved(t *testing.T) {
	p := path(t)
	s := open(t, p, sqlite.Options{})
	born(t, s, 20)
	log, err := os.ReadFile(p + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	first, frame := 32+24, 24+pageSize
	for at := first; at < len(log); at += frame {
		copy(log[at:at+pageSize], log[first:first+pageSize])
	}
	write(t, p+"-wal", log)
	if err := sqlite.Exec(p, `PRAGMA wal_checkpoint(TRUNCATE)`); err == nil || !strings.Contains(err.Error(), "has a wrong checksum") {
		t.Errorf("moving the log: %v", err)
	}
}

// No bit of the header switches the check off, and no cut of the file's end.
func TestTheCheckCannotBeSwitchedOff(t *testing.T) {
	f := makeSample(t, false)
	for at := 16; at < 100; at++ {
		for bit := range 8 {
			file := append([]byte{}, f.file...)
			file[at] ^= 1 << bit
			f.put(t, file, f.log)
			if s, err := sqlite.Open(t.Context(), f.path, sqlite.Options{Logger: slog.New(slog.DiscardHandler)}); err == nil {
				_ = s.Close()
				t.Errorf("bit %d of byte %d of the file is not noticed", bit, at)
			}
		}
	}
	for _, cut := range []int{30, 600, pageSize - 1} {
		f.put(t, f.file[:len(f.file)-cut], f.log)
		if found, err := sqlite.Check(t.Context(), f.path); err == nil && len(found) == 0 {
			t.Errorf("an end of %d bytes was cut off, and nothing was found", cut)
		}
	}
}
