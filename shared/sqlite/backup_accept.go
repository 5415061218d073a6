package sqlite

import (
	"context"
	"errors"
)

// AcceptAfter takes the file at path, a restored or copied one, into use: all
// grants in it end. after then changes it, before any other process can open
// it; should this process end half-way, none can until it was run again.
// It gives the new store generation. Errors: ErrInUse, those of Open, after's;
// and where after is nil, that an accept with one was cut off.
func AcceptAfter(ctx context.Context, path string, o Options, after func(*Store) error) (generation int64, err error) {
	o.MustExist, o.Accept, o.alone = true, true, true
	if path, err = settle(path, o.filled()); err != nil {
		return 0, err
	}
	lock, err := enter(path, true)
	if err != nil {
		return 0, err
	}
	defer lock.close()
	if err := readyToAccept(path, lock, o, after != nil); err != nil {
		return 0, err
	}
	if after != nil {
		if err := lock.begin(path, unfinished{Doing: doingAccept}); err != nil {
			return 0, err
		}
	}
	s, err := Open(ctx, path, o)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if after != nil {
		if err := after(s); err != nil {
			return 0, err
		}
	}
	if generation, err = s.Generation(ctx); err != nil {
		return 0, err
	}
	return generation, lock.write(nil)
}

// readyToAccept puts right what was cut off before. An accept that had a
// journal needs it again: without it, what the journal ended is alive.
func readyToAccept(path string, lock inUse, o Options, replays bool) error {
	err := recoverRestore(path, lock, RestoreOptions{Options: o})
	if torn := (*tornError)(nil); errors.As(err, &torn) && replays { // the worst that it can be is an accept
		return clearStaging(path)
	}
	if err != nil || replays {
		return err
	}
	u, err := lock.unfinished(path)
	if err == nil && u != nil {
		err = acceptCutOff(path)
	}
	return err
}
