package browser

// GoesTo is where somebody goes on to after signing in with this next, for fuzzing.
func GoesTo(s *Service, next string) (string, bool) {
	checked, err := s.next(next)
	return afterSignIn(checked), err == nil
}
