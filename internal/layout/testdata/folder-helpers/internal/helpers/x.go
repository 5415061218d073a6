// Package x is planted.
package x
