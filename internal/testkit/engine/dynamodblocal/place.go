package dynamodblocal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

const (
	// Version of com.amazonaws:DynamoDBLocal that is fetched: it runs on Java 17.
	Version = "2.6.1"
	// MainClass is compiled into Dir beside the jars when they are fetched.
	MainClass = "Loopback"
)

// Root returns the folder that holds go.mod: dir or the nearest one above it.
func Root(dir string) (string, error) {
	start, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for at := start; ; {
		_, err := os.Stat(filepath.Join(at, "go.mod"))
		if err == nil {
			return at, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		above := filepath.Dir(at)
		if above == at {
			return "", fmt.Errorf("no go.mod in %s or above it: run this inside the repository", start)
		}
		at = above
	}
}

// Dir is where the fetched engine lies for the module in root.
func Dir(root string) string {
	return filepath.Join(root, ".cache", "dynamodb-local", Version)
}

// Fetched says whether the engine lies in Dir(root) and a java is there to run it.
func Fetched(root string) bool {
	if _, err := os.Stat(filepath.Join(Dir(root), MainClass+".class")); err != nil {
		return false
	}
	_, err := exec.LookPath("java")
	return err == nil
}
