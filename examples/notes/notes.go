package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Bounds of what is kept, so that nobody fills the memory.
const (
	maxBody  = 16 << 10 // bytes of a request
	maxNotes = 100      // of one owner; the oldest leaves
)

// notes are everybody's notes by their owner, while the process lives.
type notes struct {
	mu   sync.Mutex
	kept map[string][]note
}

type note struct {
	Text string `json:"text"`
}

// caller is who asks: a user through a client, or a client for itself.
type caller struct{ subject, client string }

// owner names a user and a client differently, even if they are called alike.
func (c caller) owner() string {
	if c.subject != "" {
		return "user " + c.subject
	}
	return "client " + c.client
}

// handler is a handler of a request that was let through.
type handler func(w http.ResponseWriter, r *http.Request, who caller)

// gate lets a request through to a handler if it may do what the scope says.
type gate func(scope string, h handler) http.Handler

// api is the whole API behind a gate.
func api(n *notes, through gate) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /notes", through("notes:read", n.list))
	mux.Handle("POST /notes", through("notes:write", n.add))
	return mux
}

func (n *notes) list(w http.ResponseWriter, _ *http.Request, who caller) {
	n.mu.Lock()
	all := slices.Clone(n.kept[who.owner()])
	n.mu.Unlock()
	if all == nil {
		all = []note{} // "[]", not "null"
	}
	reply(w, http.StatusOK, all)
}

func (n *notes) add(w http.ResponseWriter, r *http.Request, who caller) {
	var added note
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&added); err != nil || strings.TrimSpace(added.Text) == "" {
		reply(w, http.StatusBadRequest, map[string]string{"error": `send {"text": "..."}, of at most 16 KiB`})
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.kept == nil {
		n.kept = map[string][]note{}
	}
	mine := append(n.kept[who.owner()], added)
	n.kept[who.owner()] = mine[max(0, len(mine)-maxNotes):]
	reply(w, http.StatusCreated, added)
}

func reply(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		panic("encoding a reply") // texts only: cannot fail
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
