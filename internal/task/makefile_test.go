package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"rescind/internal/testkit/engine/dynamodblocal"
)

func read(t *testing.T, name string) string {
	t.Helper()
	root, err := dynamodblocal.Root(".")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Every target is one go command, and help shows that very command.
func TestMakefileTargetsAreOneGoCommandEach(t *testing.T) {
	makefile := read(t, "Makefile")
	phony := regexp.MustCompile(`(?m)^\.PHONY: (.*)$`).FindStringSubmatch(makefile)
	if phony == nil {
		t.Fatal("no .PHONY line")
	}
	// Building a program and starting it is what go run does.
	makefile = strings.ReplaceAll(makefile, "@$(go) build -o build/rescind ./cmd/rescind\n\t@build/rescind ", "@$(go) run ./cmd/rescind ")
	expand := strings.NewReplacer("$(task)", "go run ./internal/task", "$(go)", "go", "$(PORT)", "8000", "$(N)", "300", "$(FOR)", "1h", " $(ARGS)", "")
	for _, target := range strings.Fields(phony[1]) {
		if target == "help" {
			continue
		}
		rule := regexp.MustCompile(`(?m)^` + target + `:\n\t@(.*)\n(\t?)`).FindStringSubmatch(makefile)
		if rule == nil || rule[2] != "" {
			t.Errorf("%s: not one line of recipe", target)
			continue
		}
		command := expand.Replace(rule[1])
		if !strings.HasPrefix(command, "go run ./") {
			t.Errorf("%s: %q is not a go command", target, command)
		}
		help := regexp.MustCompile(`(?m)^  make ` + target + `( .*)?\n +` + regexp.QuoteMeta(command) + `$`)
		if !help.MatchString(makefile) {
			t.Errorf("%s: help does not show %q", target, command)
		}
	}
}

func TestPomFetchesTheVersionThatIsRun(t *testing.T) {
	want := "<artifactId>DynamoDBLocal</artifactId>\n      <version>" + dynamodblocal.Version + "</version>"
	if !strings.Contains(string(pomXML), want) {
		t.Errorf("pom.xml does not name version %s", dynamodblocal.Version)
	}
	if strings.Contains(string(pomXML), "<repositor") {
		t.Error("pom.xml names a repository: that is for Maven's settings to do")
	}
}

func TestUnknownTaskAndLeftOverArgumentAreRefused(t *testing.T) {
	if err := dispatch(context.Background(), "tset", nil); err == nil || !strings.Contains(err.Error(), `no task "tset"`) {
		t.Errorf("%v", err)
	}
	for _, name := range []string{"test", "test-dynamodb", "build", "vet", "fuzz", "clean"} {
		if err := dispatch(context.Background(), name, []string{"left-over"}); err == nil || !strings.Contains(err.Error(), name+" takes no argument") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
