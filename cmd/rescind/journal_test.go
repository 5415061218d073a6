package main

import (
	"testing"
	"time"
)

func TestSinceIsATimeOrSoLongAgo(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for s, ago := range map[string]time.Duration{
		"36h": 36 * time.Hour, "2d": 48 * time.Hour, "1d12h": 36 * time.Hour, "0d": 0,
		"2026-11-23T11:00:00Z": time.Hour, "2026-11-23 11:00:00 UTC": time.Hour,
	} {
		if got, err := parseSince(s, now); err != nil || !got.Equal(now.Add(-ago)) {
			t.Errorf("%s is %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"d", "-2d", "2d-1h", "1.5d", "2days", "99999999999d", "100001d", "100000d9000000h", "2026-11-24 11:00:00 UTC", "2d1d"} {
		if got, err := parseSince(s, now); !isUsage(err) {
			t.Errorf("%s is %v, %v", s, got, err)
		}
	}
}
