package stack

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"rescind/internal/explicit/sam"
	"rescind/internal/testkit/engine/dynamodblocal"
)

// Stack is a deployed one.
type Stack struct {
	Name    string
	Outputs map[string]string

	emulator *Emulator
	expected []string // route keys of template.yaml
}

// apiID is what API Gateway's ids look like.
var apiID = regexp.MustCompile(`^[a-z0-9]{10}$`)

// HasAPIID tells whether the API's id looks like API Gateway's. Only from such
// a one do the functions make the issuer that the template has by default.
func (s *Stack) HasAPIID() bool { return apiID.MatchString(s.Outputs["ApiId"]) }

// Architecture is this machine's, in AWS's words: emulators run the functions
// as they are.
func Architecture() string {
	if runtime.GOARCH == "amd64" {
		return "x86_64"
	}
	return runtime.GOARCH
}

// ForSAM is environ for a sam that runs functions here: no account, no telemetry,
// and nobody to ask whose the credentials are. It goes on where nobody answers,
// but would try for ten seconds.
func ForSAM(environ []string) []string {
	return append(dynamodblocal.Isolate(environ), "SAM_CLI_TELEMETRY=0", "AWS_MAX_ATTEMPTS=1", "AWS_ENDPOINT_URL_STS=http://127.0.0.1:9")
}

// Deploy makes a stack of root's template.yaml, with the functions' programs
// that lie in root's build folder. Only what an answer does not depend on is
// left out: metrics, alarms and the dashboard, by the template's own parameter.
// An empty issuer is the API's own URL.
func (e *Emulator) Deploy(ctx context.Context, root, name, issuer string) (*Stack, error) {
	text, err := os.ReadFile(filepath.Join(root, "template.yaml"))
	if err != nil {
		return nil, err
	}
	template, err := sam.Read(text)
	if err != nil {
		return nil, err
	}
	s := &Stack{Name: name, Outputs: map[string]string{}, emulator: e, expected: routesOf(template)}
	resolved, err := sam.Resolve(template, map[string]string{
		"Architecture": Architecture(), "Monitoring": "false", "DeletionProtection": "false", "DynamoDBEndpoint": e.base,
		"Issuer": issuer,
	})
	if err != nil {
		return nil, err
	}
	code := sam.Code{Bucket: name + "-code"}
	explicit, err := sam.Explicit(resolved, code)
	if err != nil {
		return nil, err
	}
	if err := e.upload(ctx, root, code.Bucket, explicit); err != nil {
		return nil, err
	}
	body, err := json.Marshal(explicit)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	err = e.formation(ctx, "CreateStack", url.Values{
		"StackName": {name}, "TemplateBody": {string(body)}, "Capabilities.member.1": {"CAPABILITY_IAM"},
	}, nil)
	if err != nil {
		return nil, err
	}
	d, err := e.settled(ctx, name)
	if err != nil {
		return nil, err
	}
	if d.Status != "CREATE_COMPLETE" {
		return nil, fmt.Errorf("the stack is %s: %s %s", d.Status, d.Reason, e.failures(ctx, name))
	}
	for _, o := range d.Outputs {
		s.Outputs[o.Key] = o.Value
	}
	return s, nil
}

// upload puts the functions' zip files where the explicit form expects them.
func (e *Emulator) upload(ctx context.Context, root, bucket string, explicit sam.Map) error {
	if err := e.bucket(ctx, bucket); err != nil {
		return err
	}
	n := 0
	for _, v := range explicit.In("Resources") {
		resource, _ := v.(sam.Map)
		key, isFunction := resource.In("Properties", "Code")["S3Key"].(string)
		if !isFunction {
			continue
		}
		content, err := zipped(filepath.Join(root, "build", strings.TrimSuffix(key, ".zip"), "bootstrap"))
		if err != nil {
			return err
		}
		if err := e.put(ctx, bucket, key, content); err != nil {
			return err
		}
		n++
	}
	if n == 0 {
		return errors.New("the template has no functions with a zip file")
	}
	return nil
}

// zipped is a zip file of one executable, as Lambda's custom runtimes want it.
func zipped(program string) ([]byte, error) {
	content, err := os.ReadFile(program)
	if err != nil {
		return nil, fmt.Errorf("%w: go run ./internal/task build makes it", err)
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	header := &zip.FileHeader{Name: "bootstrap", Method: zip.Deflate}
	header.SetMode(0o755)
	w, err := z.CreateHeader(header)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil { // which writes the directory
		return nil, err
	}
	return b.Bytes(), nil
}

// routesOf are the route keys that the functions' events of template.yaml make.
func routesOf(template sam.Map) []string {
	var keys []string
	for _, v := range template.In("Resources") {
		resource, _ := v.(sam.Map)
		for _, e := range resource.In("Properties", "Events") {
			event, _ := e.(sam.Map)
			p := event.In("Properties")
			keys = append(keys, fmt.Sprintf("%v %v", p["Method"], p["Path"]))
		}
	}
	slices.Sort(keys)
	return keys
}

// Delete takes the stack away. The tables and logs stay, as the template says.
func (s *Stack) Delete(ctx context.Context) error {
	return s.emulator.formation(ctx, "DeleteStack", url.Values{"StackName": {s.Name}}, nil)
}
