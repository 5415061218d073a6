package setup

// Languages are those of the pages, for the metadata, whose function has no
// pages in it.
func Languages() []string { return []string{"en", "de"} }
