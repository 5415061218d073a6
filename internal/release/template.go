package main

import (
	"fmt"
	"slices"
	"strings"

	"rescind/internal/explicit/sam"
)

// packageTemplate gives template.yaml with each function's CodeUri the zip file
// beside it, for one processor only. It is edited as text, so that the comments
// stay, and then read, so that no function was forgotten.
func packageTemplate(text, processor, version string, functions []string) (string, error) {
	edits := []struct{ from, to string }{
		{"    CodeUri: .\n", ""},
		{"Description: rescind, an OAuth", "Description: rescind " + version + ", an OAuth"},
		{"    Default: arm64\n    AllowedValues: [arm64, x86_64]\n", "    Default: " + processor + "\n    AllowedValues: [" + processor + "]\n"},
		{"For x86_64 run `sam build` with LAMBDA_ARCH=x86_64 in its environment.", "The zip files are for this one."},
	}
	before, err := sam.Read([]byte(text))
	if err != nil {
		return "", err
	}
	ids := functionIDs(before)
	for _, id := range ids {
		begin := "\n  " + id + ":\n    Type: AWS::Serverless::Function\n"
		properties := "    Properties:\n"
		edits = append(edits, struct{ from, to string }{
			begin + "    Metadata: {BuildMethod: makefile}\n" + properties,
			begin + properties + "      CodeUri: " + codeURI(id) + "\n",
		})
	}
	for _, e := range edits {
		if strings.Count(text, e.from) != 1 {
			return "", fmt.Errorf("template.yaml does not have exactly one %q: change internal/release with it", e.from)
		}
		text = strings.Replace(text, e.from, e.to, 1)
	}
	return text, checkPackaged(text, functions, ids)
}

// codeURI is the zip file of a function, from the template's folder.
func codeURI(id string) string { return "./" + sam.Folder(id) + ".zip" }

// functionIDs are the logical ids of the functions, sorted.
func functionIDs(template sam.Map) []string {
	var ids []string
	for id, v := range template.In("Resources") {
		if resource, _ := v.(sam.Map); resource["Type"] == "AWS::Serverless::Function" {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// checkPackaged tells whether every function of the packaged template comes
// from a zip file that is made.
func checkPackaged(text string, functions, ids []string) error {
	template, err := sam.Read([]byte(text))
	if err != nil {
		return fmt.Errorf("the packaged template: %w", err)
	}
	if len(ids) == 0 || !slices.Equal(functionIDs(template), ids) {
		return fmt.Errorf("the packaged template has the functions %q, and template.yaml %q", functionIDs(template), ids)
	}
	for _, id := range ids {
		if !slices.Contains(functions, sam.Folder(id)) {
			return fmt.Errorf("%s has no folder functions/%s", id, sam.Folder(id))
		}
		if uri := template.In("Resources", id, "Properties")["CodeUri"]; uri != codeURI(id) {
			return fmt.Errorf("%s is from %v in the packaged template", id, uri)
		}
	}
	return nil
}
