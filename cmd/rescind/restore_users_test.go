package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// By the store in place, and by a journal where that is gone.
func TestARestoreBringsNoUserBackWhoWasEnded(t *testing.T) {
	for _, by := range []string{"the store in place", "a journal"} {
		t.Run(by, func(t *testing.T) {
			w := newWorld(t)
			subject := w.ann()
			ben := text(t, w.json("user", "create", "ben@example.com", "--generate"), "password")
			leaver := text(t, w.json("user", "create", "eve@example.com", "--generate"), "password")
			backup, journal := filepath.Join(privateDir(t), "backup"), filepath.Join(privateDir(t), "journal")
			w.ok("backup", backup)
			w.ok("user", "set-password", annEmail, "--generate")
			w.ok("user", "delete", "eve@example.com")
			target, args := w, []string{"restore", backup, "--yes"}
			if by == "a journal" {
				expect(t, w.ok("journal", "export", "--since", "1h", "--out", journal), "3 accounts")
				target, args = &world{t, "sqlite:" + filepath.Join(privateDir(t), "new.db")}, append(args, "--replay", journal)
			}
			out := target.ok(args...)
			expect(t, out, "3 accounts compared, and 2 changed", "user "+subject+": changed after the backup", "deleted, as it was")
			if strings.Contains(out, "@") {
				t.Errorf("an email is shown: %s", out)
			}
			if target.signsIn(annEmail, annPassword) || target.signsIn("eve@example.com", leaver) || !target.signsIn("ben@example.com", ben) {
				t.Error("the wrong ones sign in")
			}
			if n := len(target.users()); n != 2 {
				t.Errorf("%d users", n)
			}
			expect(t, target.ok("stats"), "restore ", subject, "ok, replayed")
		})
	}
}
