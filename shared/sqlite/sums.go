package sqlite

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	lib "modernc.org/sqlite/lib"
)

// sumRoom is what every page of a file keeps free at its end, where SQLite puts
// nothing: the page's number (4 bytes), zeros (4), the CRC-32C and the CRC-32 of
// all before (4 each; together they are a CRC of 64 bits), and 8 bytes that
// balance the 16 in the checksum of the log's frames.
const sumRoom = 24

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func sumsOf(page []byte) uint64 {
	over := page[:len(page)-16]
	return uint64(crc32.Checksum(over, castagnoli))<<32 | uint64(crc32.ChecksumIEEE(over))
}

// numberOn is the number that a page says it has.
func numberOn(page []byte) uint32 { return binary.BigEndian.Uint32(page[len(page)-sumRoom:]) }

// sumIsRight tells whether a page is as it was written. The last 8 bytes are
// nobody's.
func sumIsRight(page []byte) bool {
	return binary.BigEndian.Uint64(page[len(page)-16:]) == sumsOf(page)
}

// putSum writes a page's number and sums into it. SQLite has computed the
// checksum of the log's frame by then, over what the page was before, and it
// stays right: of two pages that differ in their ends alone it is the same
// where frameSum of the ends is, and the last 8 bytes see to that.
func putSum(page []byte, number uint32) {
	end := page[len(page)-sumRoom:]
	was0, was1 := frameSum(end)
	binary.BigEndian.PutUint32(end, number)
	clear(end[4:8])
	binary.BigEndian.PutUint64(end[8:], sumsOf(page))
	is0, is1 := frameSum(end[:16])
	binary.NativeEndian.PutUint32(end[16:], was0-is0-is1)
	binary.NativeEndian.PutUint32(end[20:], was1-is1-was0)
}

// frameSum is the checksum of the log, begun at zero (SQLite's file format,
// section 4.2). A log that SQLite begins has the machine's byte order.
func frameSum(b []byte) (s0, s1 uint32) {
	for ; len(b) >= 8; b = b[8:] {
		s0 += binary.NativeEndian.Uint32(b) + s1
		s1 += binary.NativeEndian.Uint32(b[4:]) + s0
	}
	return s0, s1
}

const fileMagic = "SQLite format 3\x00"

// beginsFile tells page 1, and whether it says that pages have sums.
func beginsFile(page []byte) (is, hasSums bool) {
	is = string(page[:len(fileMagic)]) == fileMagic
	return is, is && page[20] == sumRoom
}

// isPage tells what SQLite reads and writes as one page from headers and frames.
func isPage(n int32) bool { return n >= 512 && n&(n-1) == 0 }

// reserveSums has a file that is still empty made with room for sums, and one
// that has none get it with VACUUM. It comes before the first read.
func (c *conn) reserveSums() error {
	*(*int32)(pointer(c.cell)) = sumRoom
	if rc := lib.Xsqlite3_file_control(c.tls, c.db, 0, lib.SQLITE_FCNTL_RESERVE_BYTES, c.cell); rc != lib.SQLITE_OK {
		return c.fault(rc)
	}
	return nil
}

// hasSums tells of the file that c has read from whether its pages have sums.
func (c *conn) hasSums() bool { return at[summed](c.file).on }

// addSums gives all pages of a file sums. It is for one that nobody else has
// open and that is thrown away should this fail: VACUUM writes every page anew,
// with other rowids, and until it is through old pages are not looked at. Room
// was reserved before the first read.
func (c *conn) addSums() error {
	if _, err := c.exec(fmt.Sprintf(`PRAGMA user_version = %d`, version)); err != nil { // while a page has no room yet
		return err
	}
	f := at[summed](c.file)
	f.making = true
	_, err := c.exec(`VACUUM`)
	f.making = false
	return err
}

// wrongSums reads all pages as they are now, and tells the numbers of those
// that are damaged. c has a transaction open.
func (c *conn) wrongSums(ctx context.Context, tell func(f *fault)) error {
	if !c.hasSums() {
		return nil
	}
	pages, err := c.number(`PRAGMA page_count`)
	for n := int64(1); err == nil && n <= pages; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		_, err = c.number(`SELECT length(data) FROM sqlite_dbpage WHERE pgno = ?`, n)
		if f := (*fault)(nil); errors.As(err, &f) && f.page > 1 { // without page 1 there is nothing to be read
			tell(f)
			err = nil
		}
	}
	return err
}

// damage is the error of a page whose checksum was wrong, if there was one.
func (c *conn) damage(rc int32) *fault {
	if c.file == 0 || rc&0xff != lib.SQLITE_CORRUPT {
		return nil
	}
	f := at[summed](c.file)
	if f.bad == 0 {
		return nil
	}
	where := ""
	if f.badInLog {
		where = " in its -wal file"
	}
	found := &fault{rc, fmt.Sprintf("page %d%s has a wrong checksum", f.bad, where), f.bad}
	f.bad, f.badInLog = 0, false
	return found
}
