package sqlite_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"rescind/shared/grant"
	"rescind/shared/sqlite"
	"rescind/shared/token"
)

// Rows go meanwhile by their expiry; the greatest rowid is then given out anew.
func TestAWalkGoesOnWhereItsLastRowIsGone(t *testing.T) {
	p := path(t)
	s := open(t, p, sqlite.Options{})
	made := ids(born(t, s, 7)...)
	remove := func(all ...int) {
		for _, i := range all {
			alter(t, p, fmt.Sprintf(`DELETE FROM grants WHERE id = x'%s'`, made[i]))
		}
	}
	seen := map[token.GrantID]int{}
	page, next, err := s.WalkGrants(t.Context(), "", 2)
	for pages := 1; ; pages++ {
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range page {
			seen[g.ID]++
		}
		if next == "" {
			break
		}
		switch pages {
		case 1:
			remove(0, 1) // the page that was read
		case 2:
			remove(3, 6) // where the walk stands, and the newest
			born(t, s, 1)
		}
		page, next, err = s.WalkGrants(t.Context(), next, 2)
	}
	for i, id := range made[:6] {
		if seen[id] != 1 {
			t.Errorf("grant %d came %d times", i, seen[id])
		}
	}
	if seen[made[6]] != 0 {
		t.Error("a grant came after it was removed")
	}
}

func TestAPageIsOfAThousandRowsAtMost(t *testing.T) {
	p := path(t)
	s := open(t, p, sqlite.Options{})
	alter(t, p, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
		INSERT INTO denied (jti, at, why, expires_at) SELECT 'jti' || i, i, 'why', 9999999999 FROM n`)
	var sizes []int
	for from := grant.Cursor(""); ; {
		page, next, err := s.WalkDenied(t.Context(), from, math.MaxInt)
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(page))
		if from = next; from == "" {
			break
		}
	}
	if fmt.Sprint(sizes) != "[1000 1000 500]" {
		t.Errorf("the pages hold %v", sizes)
	}
}

func TestAWalkNamesTheRowThatItCannotRead(t *testing.T) {
	walks := map[string]func(*sqlite.Store) error{
		"grants":   func(s *sqlite.Store) error { _, _, err := s.WalkGrants(t.Context(), "", 10); return err },
		"denied":   func(s *sqlite.Store) error { _, _, err := s.WalkDenied(t.Context(), "", 10); return err },
		"subjects": func(s *sqlite.Store) error { _, _, err := s.WalkSubjects(t.Context(), "", 10); return err },
	}
	alice := grant.KeyOf("alice")
	for _, c := range []struct{ table, damage, named string }{
		{"grants", `UPDATE grants SET scope = x'ffaabbccdd' WHERE rowid = 2`, "grant %s of table grants"},
		{"grants", `UPDATE grants SET rt = x'aabbccdd' WHERE rowid = 2`, "grant %s of table grants"},
		{"grants", `UPDATE grants SET id = x'aabbccdd' WHERE rowid = 2`, "row 2 of table grants"},
		{"denied", `INSERT INTO denied (jti, at, why, expires_at) VALUES ('aabbccdd', NULL, '', 9999999999)`, "row 1 of table denied"},
		{"subjects", fmt.Sprintf(`INSERT INTO subjects (subject, epoch) VALUES (x'%x', -1)`, alice[:]), fmt.Sprintf("subject %x of table subjects", alice[:])},
		{"subjects", `INSERT INTO subjects (subject, epoch) VALUES (x'11', 1)`, "subject 11 of table subjects"},
	} {
		p := path(t)
		s := open(t, p, sqlite.Options{})
		named := strings.ReplaceAll(c.named, "%s", ids(born(t, s, 3)...)[1].String())
		if err := walks[c.table](s); err != nil {
			t.Fatalf("before the damage: %v", err)
		}
		alter(t, p, c.damage)
		err := walks[c.table](s)
		if err == nil || !strings.Contains(err.Error(), named) || !strings.Contains(err.Error(), "damaged") || strings.Contains(err.Error(), "aabbccdd") {
			t.Errorf("after %s the error is %v", c.damage, err)
		}
	}
}

func TestAClientsGrantsAreFoundByTheirIndex(t *testing.T) {
	s := open(t, path(t), sqlite.Options{})
	plan, err := s.Plan()
	if err != nil || !strings.Contains(plan, "INDEX grants_client (client=? AND id>?)") || strings.Contains(plan, "TEMP B-TREE") || strings.Contains(plan, "SCAN") {
		t.Errorf("the plan is %q, error %v", plan, err)
	}
}
