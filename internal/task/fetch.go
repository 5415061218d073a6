package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"rescind/internal/testkit/engine/dynamodblocal"
)

//go:embed pom.xml
var pomXML []byte

//go:embed Loopback.java
var loopbackJava []byte

const loopbackFile = dynamodblocal.MainClass + ".java"

// lackingError names what this machine lacks to run DynamoDB Local with Java.
type lackingError string

func (e lackingError) Error() string { return string(e) }

// fetch makes sure that DynamoDB Local lies in its folder under .cache/. It
// works in a folder beside it and renames that at the end, so that whatever
// stands under the final name is whole.
func fetch(ctx context.Context, root string) error {
	dir := dynamodblocal.Dir(root)
	if dynamodblocal.Fetched(root) {
		have, err := os.ReadFile(filepath.Join(dir, loopbackFile))
		if err == nil && bytes.Equal(have, loopbackJava) {
			return nil
		}
	}
	if err := checkJava(ctx); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	work, err := os.MkdirTemp(filepath.Dir(dir), "fetch-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := copyJars(ctx, work); err != nil {
		return err
	}
	if err := compile(ctx, work); err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return os.Rename(work, dir)
}

var javaVersion = regexp.MustCompile(`version "(\d+)`)

// checkJava looks for Java 17, its compiler and Maven.
func checkJava(ctx context.Context) error {
	said, err := exec.CommandContext(ctx, "java", "-version").CombinedOutput()
	if err != nil {
		return lackingError("there is no Java here")
	}
	match := javaVersion.FindSubmatch(said)
	if match == nil {
		return lackingError("java -version does not name a version")
	}
	if n, err := strconv.Atoi(string(match[1])); err != nil || n < 17 {
		return lackingError(fmt.Sprintf("Java here is version %s, too old for DynamoDB Local %s", match[1], dynamodblocal.Version))
	}
	modules, err := exec.CommandContext(ctx, "java", "--list-modules").Output()
	if err != nil || !bytes.Contains(modules, []byte("jdk.compiler")) {
		return lackingError("Java here has no compiler (a JRE, not a JDK)")
	}
	if _, err := exec.LookPath("mvn"); err != nil {
		return lackingError("there is no Maven (mvn) here")
	}
	return nil
}

// copyJars lets Maven fetch the jars and native libraries into work.
func copyJars(ctx context.Context, work string) error {
	pom := filepath.Join(work, "pom.xml")
	if err := os.WriteFile(pom, pomXML, 0o644); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "fetching DynamoDB Local %s with Maven, some 50 MB, once\n", dynamodblocal.Version)
	defer tick("still fetching")()
	cmd := command(ctx, work, os.Environ(), "mvn", "-q", "-B", "-f", pom, "dependency:copy-dependencies", "-DoutputDirectory="+work)
	cmd.Stdout = os.Stderr // standard output belongs to the tests
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("maven could not fetch DynamoDB Local %s (%w): check the network and Maven's settings, then run make test-dynamodb again", dynamodblocal.Version, err)
	}
	return nil
}

// compile compiles Loopback.java. It names each jar: only the javac program,
// not its module, expands a star.
func compile(ctx context.Context, work string) error {
	source := filepath.Join(work, loopbackFile)
	if err := os.WriteFile(source, loopbackJava, 0o644); err != nil {
		return err
	}
	jars, err := filepath.Glob(filepath.Join(work, "*.jar"))
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "java", "-m", "jdk.compiler/com.sun.tools.javac.Main", "--release", "17",
		"-cp", strings.Join(jars, string(os.PathListSeparator)), "-d", work, source)
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s does not compile with DynamoDB Local %s (%w):\n%s", loopbackFile, dynamodblocal.Version, err, said)
	}
	return nil
}

// tick says every five seconds that something goes on, until the returned
// function is called.
func tick(what string) (stop func()) {
	begin, done := time.Now(), make(chan struct{})
	go func() {
		every := time.NewTicker(5 * time.Second)
		defer every.Stop()
		for {
			select {
			case <-every.C:
				fmt.Fprintf(os.Stderr, "%s, %d s\n", what, int(time.Since(begin).Seconds()))
			case <-done:
				return
			}
		}
	}()
	return func() { close(done) }
}
