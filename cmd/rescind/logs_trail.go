package main

import (
	"path/filepath"

	"rescind/shared/audit"
	"rescind/shared/audit/trail"
)

// trailSuffix makes a store's path its trail's.
const trailSuffix = "-audit.jsonl"

// trailPath is where the audit trail of the store is, or would be; empty where
// there is none: it was switched off, or no store is there to have one beside.
func (a *app) trailPath() string {
	switch a.trailName {
	case "":
	case "off":
		return ""
	default:
		return a.trailName
	}
	l, err := parseStore(a.storeName)
	if err != nil || !l.isFile() {
		return ""
	}
	// Whatever name the store goes by, its trail is one file.
	path, err := filepath.EvalSymlinks(l.path)
	if err != nil {
		return ""
	}
	return path + trailSuffix
}

// trailEnd is the trail that events are written to, if any.
type trailEnd struct{ file *trail.File }

func (a *app) openTrail() trailEnd {
	path := a.trailPath()
	if path == "" {
		return trailEnd{}
	}
	return trailEnd{trail.Create(path, trail.Options{Logger: a.log})}
}

func (t trailEnd) close() {
	if t.file != nil {
		_ = t.file.Close() // it says itself what is wrong
	}
}

// auditLog writes events to the log and the trail. Where the log is JSON, each
// is encoded once for both.
func (a *app) auditLog(t trailEnd) audit.Log {
	switch {
	case a.logsJSON() && t.file == nil:
		return audit.JSON{a.logTo}
	case a.logsJSON():
		return audit.JSON{a.logTo, t.file}
	case t.file == nil:
		return audit.Slog{Logger: a.log}
	}
	return audit.Logs{audit.Slog{Logger: a.log}, audit.JSON{t.file}}
}
