// Package plant builds the command with a fault in it. A fault is source text
// that replaces other text, which must stand exactly once in its file; the
// sources themselves stay as they are (`go build -overlay`).
package plant
