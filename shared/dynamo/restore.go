package dynamo

import (
	"context"
	"fmt"
)

// AcceptAfter is Accept, with a change of the tables by do before they are
// taken into use: a journal that is replayed. The order is safe wherever it
// stops. First the store generation rises and the names stay, so that in
// tables which got the old one's names every earlier grant ends at once, and
// all others go on being refused by everybody. Then do changes them. Last the
// names are written and the generation rises again, which ends what a server of
// such a table may have issued meanwhile. Nothing else may use the tables
// meanwhile; should it stop half-way run it again.
func (s *Store) AcceptAfter(ctx context.Context, do func(*Store) error) (generation int64, err error) {
	keys := s.metaKeys()
	got, err := s.read(ctx, keys[:])
	if err != nil {
		return 0, err
	}
	to := s.now().UnixMilli()
	var metas [2]meta
	for i, k := range keys {
		if metas[i], err = decodeMeta(got[k]); err != nil {
			return 0, err
		}
		to = max(to, metas[i].generation+1)
	}
	for i, k := range keys {
		if !metas[i].present { // nothing was ever written to it
			continue
		}
		u := change(k)
		u.when(u.is(attrGeneration, "<", num(to)))
		u.set(attrGeneration, num(to))
		if _, err := s.do(ctx, u); err != nil {
			if _, reached := conditionFailed(err); !reached {
				return 0, outage("raising the store generation", k.table, err)
			}
		}
	}
	operator := &Store{api: s.api, tables: s.tables, now: s.now}
	operator.guard.restoring = true
	if err := do(operator); err != nil {
		return 0, fmt.Errorf("dynamo: the tables are not accepted: %w", err)
	}
	return s.Accept(ctx)
}
