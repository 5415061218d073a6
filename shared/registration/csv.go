package registration

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// maxColumns is more than any table of applications has.
const maxColumns = 200

// readCSV reads rows under a first line with the columns' names, separated by
// commas, semicolons or tabs. No error quotes a field.
func readCSV(text string, o Options) (File, error) {
	header, _, _ := strings.Cut(strings.TrimLeft(text, "\r\n"), "\n")
	if !strings.Contains(header, "client_id") || !strings.Contains(header, columnGrantType) {
		return File{}, errForm
	}
	r := csv.NewReader(strings.NewReader(text))
	for _, sep := range []rune{';', '\t'} {
		if !strings.ContainsRune(header, ',') && strings.ContainsRune(header, sep) {
			r.Comma = sep
		}
	}
	names, err := r.Read()
	if err != nil {
		return File{}, csvError(err)
	}
	if err := checkColumns(names); err != nil {
		return File{}, err
	}
	f := File{Form: RowsCSV}
	for {
		row, err := r.Read() // each with as many fields as the first, or an error
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return File{}, csvError(err)
		}
		if len(f.Clients) == maxRows {
			return File{}, errManyRows
		}
		m := object{}
		for i, name := range names {
			if row[i] != `\N` { // as some write NULL
				m[name] = row[i]
			}
		}
		f.add(len(f.Clients)+1, m, true, fromRow, o)
	}
	if len(f.Clients) == 0 {
		return File{}, errors.New("the file holds no client, only the columns' names")
	}
	return f.checked()
}

func checkColumns(names []string) error {
	if len(names) > maxColumns {
		return fmt.Errorf("the first line names more than %d columns", maxColumns)
	}
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return fmt.Errorf("column %s stands twice in the first line", speakable(name))
		}
	}
	for _, name := range []string{"client_id", columnType, columnGrantType} {
		if !slices.Contains(names, name) {
			return fmt.Errorf("there is no column %s; export the whole table, with the columns' names in the first line", name)
		}
	}
	return nil
}

func csvError(err error) error {
	if at := (*csv.ParseError)(nil); errors.As(err, &at) {
		why := "is not CSV"
		if errors.Is(err, csv.ErrFieldCount) {
			why = "has another number of fields than the first"
		}
		return fmt.Errorf("line %d %s", at.Line, why)
	}
	return errors.New("the file is not CSV")
}
