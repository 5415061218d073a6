// Package server builds rescind and runs its server as a user runs it, for
// what measures it from outside: a process of its own, a store on disk, plain
// HTTP over loopback. It knows the command's flags and nothing of its inside.
package server
