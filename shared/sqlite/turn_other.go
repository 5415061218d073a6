//go:build !unix

package sqlite

// turn is for systems with flock; elsewhere a process that waits to write has
// to be lucky while another writes without pause.
type turn struct{}

func openTurn(string) (turn, error) { return turn{}, nil }
func (turn) wanted() bool           { return false }
func (turn) want()                  {}
func (turn) had()                   {}
func (turn) close()                 {}
func (turn) note(int64)             {}
func (turn) noted() int64           { return 0 }
