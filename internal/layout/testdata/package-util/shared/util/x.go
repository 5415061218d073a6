// Package util is planted.
package util
