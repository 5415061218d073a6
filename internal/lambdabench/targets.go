package main

import (
	"fmt"
	"time"
)

// The targets, of times at full speed. Sizes are in bytes.
const (
	maxPeak           = 30_000_000
	maxInitBeforeRead = 8 * time.Millisecond
	maxInit           = 30 * time.Millisecond
	maxFirst          = 3 // times a warm request
	maxIdle           = time.Millisecond
)

// maxZip is the most that a function's zip file may measure. The pages carry
// templates and an OpenID client, and are asked once for a sign-in, not once for
// a token.
func maxZip(name string) int64 {
	if name == "browser" {
		return 6_000_000
	}
	return 4_500_000
}

// judged holds sizes and memory against their targets: they hang on no
// machine's load. It gives how many are met, and which are not.
func (r *report) judged() (good int, bad []string) {
	check := func(ok bool, format string, args ...any) {
		if ok {
			good++
		} else {
			bad = append(bad, fmt.Sprintf(format, args...))
		}
	}
	for _, s := range r.Sizes {
		check(s.Zip < maxZip(s.Name), "the zip of %s has %d bytes, and %d are the most", s.Name, s.Zip, maxZip(s.Name))
	}
	for _, f := range r.Full {
		if f.Peak != 0 { // where it can be read
			check(f.Peak < maxPeak, "%s takes %d bytes of memory, and %d are the most", f.Name, f.Peak, maxPeak)
		}
	}
	return good, bad
}

// late are the times at full speed that miss their targets. They judge nothing:
// another program on the same cores is enough for that.
func (r *report) late() (all []string) {
	tell := func(ok bool, f figures, what string, took, most time.Duration) {
		if !ok {
			all = append(all, fmt.Sprintf("%s of %s, %s, where %s is the most", what, f.Name, ms(took), ms(most)))
		}
	}
	for _, f := range r.Full {
		tell(f.InitBeforeRead < maxInitBeforeRead, f, "init before the read", f.InitBeforeRead, maxInitBeforeRead)
		tell(f.Init < maxInit, f, "init", f.Init, maxInit)
		tell(f.First <= maxFirst*f.Warm, f, "the first request", f.First, maxFirst*f.Warm)
		tell(f.Idle < maxIdle, f, "a request without the database", f.Idle, maxIdle)
	}
	return all
}
