package oauth

// Params are a request's parameters, well-formed and none repeated but those
// that may be. An empty value counts as absent (RFC 6749 section 3.2).
type Params struct{ pairs []param }

type param struct{ name, value string }

// MayRepeat tells whether a parameter may stand more than once: resource (RFC
// 8707 section 2) and audience (RFC 8693 section 2.1).
func MayRepeat(name string) bool { return name == "resource" || name == "audience" }

// Add appends a parameter; ok is false where it may not be repeated and was
// there already, empty or not (RFC 6749 section 3.2).
func (p *Params) Add(name, value string) (ok bool) {
	if !MayRepeat(name) {
		for i := range p.pairs {
			if p.pairs[i].name == name {
				return false
			}
		}
	}
	if p.pairs == nil {
		p.pairs = make([]param, 0, 6) // most requests have fewer
	}
	p.pairs = append(p.pairs, param{name, value})
	return true
}

// Len counts the parameters, empty ones among them.
func (p *Params) Len() int { return len(p.pairs) }

// Has tells whether a parameter is there, empty or not.
func (p *Params) Has(name string) bool {
	for i := range p.pairs {
		if p.pairs[i].name == name {
			return true
		}
	}
	return false
}

// Get gives a parameter's value; "" where it is absent or empty.
func (p *Params) Get(name string) string {
	for i := range p.pairs {
		if p.pairs[i].name == name {
			return p.pairs[i].value
		}
	}
	return ""
}

// All gives every value of a parameter that is not empty.
func (p *Params) All(name string) []string {
	var all []string
	for i := range p.pairs {
		if p.pairs[i].name == name && p.pairs[i].value != "" {
			all = append(all, p.pairs[i].value)
		}
	}
	return all
}

// Each gives every parameter in turn, empty ones among them.
func (p *Params) Each(yield func(name, value string) bool) {
	for i := range p.pairs {
		if !yield(p.pairs[i].name, p.pairs[i].value) {
			return
		}
	}
}
