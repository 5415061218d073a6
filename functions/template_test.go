package functions_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"rescind/functions/setup"
	"rescind/shared/endpoint"
)

func TestTemplateFunctionsAreTheFolders(t *testing.T) {
	template := readTemplate(t)
	mains, err := filepath.Glob("*/main.go")
	if err != nil {
		t.Fatal(err)
	}
	var folders, deployed []string
	for _, main := range mains {
		if name := filepath.Dir(main); name != "authorizer" { // deployed beside the API that it protects
			folders = append(folders, name)
		}
	}
	targets := string(readFile(t, "functions", "functions.mk"))
	for id := range template.ofType(t, "AWS::Serverless::Function") {
		name := function(t, id)
		deployed = append(deployed, name)
		if method := template.at(t, "Resources", id, "Metadata", "BuildMethod"); method != "makefile" {
			t.Errorf("%s: BuildMethod is %v", id, method)
		}
		if !strings.Contains(targets, "\nbuild-"+id+":\n\t$(lambda_build) ./functions/"+name+"\n") {
			t.Errorf("functions.mk has no target build-%s that builds functions/%s", id, name)
		}
	}
	slices.Sort(deployed)
	if !slices.Equal(folders, deployed) || len(folders) != len(names) {
		t.Errorf("template.yaml deploys %v, and the folders with a main are %v", deployed, folders)
	}
	globals := template.at(t, "Globals", "Function").(yamlMap)
	wants := yamlMap{"Runtime": "provided.al2023", "Handler": "bootstrap", "CodeUri": ".", "MemorySize": uint64(256), "Timeout": uint64(10)}
	for name, want := range wants {
		if globals[name] != want {
			t.Errorf("Globals.Function.%s is %v, want %v", name, globals[name], want)
		}
	}
	for name, want := range (yamlMap{"MemorySize": uint64(512), "Timeout": uint64(20)}) { // it hashes passwords, and asks others
		if got := template.at(t, "Resources", logicalID(endpoint.RouteBrowser), "Properties", name); got != want {
			t.Errorf("the browser function's %s is %v, want %v", name, got, want)
		}
	}
	if d := template.at(t, "Parameters", "Architecture", "Default"); d != "arm64" {
		t.Errorf("the default architecture is %v", d)
	}
}

// TestTheGatewayLeavesCORSToTheFunctions: its own knows no clients, and would
// take the place of theirs.
func TestTheGatewayLeavesCORSToTheFunctions(t *testing.T) {
	api := readTemplate(t).at(t, "Resources", "Api", "Properties").(yamlMap)
	if own, there := api["CorsConfiguration"]; there || len(api) == 0 {
		t.Errorf("the API's own CORS is %v", own)
	}
}

func TestTemplateRoutesAreTheEndpoints(t *testing.T) {
	template := readTemplate(t)
	want := map[string]string{}
	for _, r := range allRoutes(t) {
		want["ANY "+r.Path] = r.Name
	}
	got := map[string]string{}
	for id := range template.ofType(t, "AWS::Serverless::Function") {
		for name, e := range template.at(t, "Resources", id, "Properties", "Events").(yamlMap) {
			event := e.(yamlMap)
			// More than these, such as another payload format, would be another event.
			properties := event.at(t, "Properties").(yamlMap)
			if event["Type"] != "HttpApi" || len(properties) != 3 || !reflect.DeepEqual(properties["ApiId"], yamlMap{"Ref": "Api"}) {
				t.Errorf("%s.%s is %v", id, name, event)
			}
			key := fmt.Sprintf("%v %v", properties["Method"], properties["Path"])
			if _, twice := got[key]; twice {
				t.Errorf("two events have the route %s", key)
			}
			got[key] = function(t, id)
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("the template's routes are\n%v\nand the endpoints'\n%v", got, want)
	}
	permitted := map[string]bool{}
	for id, p := range template.ofType(t, "AWS::Lambda::Permission") {
		name, ok := strings.CutSuffix(first(p.optional("FunctionName")["Ref"]), ".Alias")
		if from := first(p.optional("SourceArn")["Fn::Sub"]); !ok || !strings.HasSuffix(from, ":${Api}/*") {
			t.Errorf("%s is not of an alias and the API", id)
		}
		permitted[function(t, name)] = true
	}
	if len(permitted) != len(names) {
		t.Errorf("the API may call %v only", permitted)
	}
	for id, api := range template.ofType(t, "AWS::Serverless::HttpApi") {
		if api["StageName"] != "$default" { // or the well-known URLs would not lie at the root
			t.Errorf("%s: the stage is named %v", id, api["StageName"])
		}
	}
}

// allRoutes are those of the endpoints and of the pages.
func allRoutes(t testing.TB) []endpoint.Route {
	t.Helper()
	routes, err := endpoint.Routes("https://auth.example.com")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := endpoint.BrowserRoutes("https://auth.example.com")
	if err != nil {
		t.Fatal(err)
	}
	return append(routes, pages...)
}

// What the functions emit as the issuer is what the stack puts out, with the
// API's id in the place of setup.APIID; and no function refers to the API,
// which refers to them.
func TestTemplateIssuers(t *testing.T) {
	const own = "https://" + setup.APIID + ".execute-api.${AWS::Region}.${AWS::URLSuffix}"
	domain := []string{"DomainName=auth.example.com", "CertificateArn=c"}
	for _, tc := range []struct {
		parameters []string
		issuer     any
		off        bool // whether the API's own endpoint is
	}{
		{nil, yamlMap{"Fn::Sub": own}, false},
		{[]string{"Issuer=https://a.example"}, "https://a.example", false},
		{domain, "https://auth.example.com", true},
		{append(domain, "Issuer=https://cdn.example"), "https://cdn.example", true},
	} {
		template := resolved(t, tc.parameters...)
		if got := template.at(t, "Globals", "Function", "Environment", "Variables", setup.Issuer); !reflect.DeepEqual(got, tc.issuer) {
			t.Errorf("%v: the functions' issuer is %v, want %v", tc.parameters, got, tc.issuer)
		}
		if got := template.at(t, "Resources", "Api", "Properties", "DisableExecuteApiEndpoint"); got != tc.off {
			t.Errorf("%v: that the API's own endpoint is off is %v", tc.parameters, got)
		}
		checkOutputs(t, template, tc.issuer)
	}
	template := readTemplate(t)
	for id, f := range template.ofType(t, "AWS::Serverless::Function") {
		properties := maps.Clone(f)
		delete(properties, "Events")
		if slices.Contains(refersTo(yamlMap{"": properties, "globals": template.at(t, "Globals")}), "Api") {
			t.Errorf("%s refers to the API, which refers to it", id)
		}
	}
}

// checkOutputs: Issuer, and below it an endpoint of each route's name, and what
// somebody needs to know of the pages.
func checkOutputs(t *testing.T, template yamlMap, issuer any) {
	t.Helper()
	put := func(suffix string) any {
		if sub, ok := issuer.(yamlMap); ok {
			return yamlMap{"Fn::Sub": strings.Replace(sub["Fn::Sub"].(string), setup.APIID, "${Api}", 1) + suffix}
		}
		return issuer.(string) + suffix
	}
	want := yamlMap{
		"Issuer": put(""), "AuthorizationEndpoint": put(endpoint.PathAuthorize), "AuthorizedPage": put(endpoint.PathAuthorized),
		"UpstreamRedirectUri": put(endpoint.PathUpstreamCallback),
	}
	routes, err := endpoint.Routes("https://auth.example.com")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range slices.Backward(routes) { // of each name the first stands
		want[strings.TrimSuffix(logicalID(r.Name), "Function")+"Endpoint"] = put(r.Path)
	}
	for output, value := range want {
		if got := template.at(t, "Outputs", output, "Value"); !reflect.DeepEqual(got, value) {
			t.Errorf("the output %s is %v, want %v", output, got, value)
		}
	}
}

func TestTemplateEnvironmentIsWhatTheFunctionsRead(t *testing.T) {
	template := readTemplate(t)
	for _, name := range names {
		var got []string
		for variable := range environment(template, name) {
			if strings.HasPrefix(variable, "RESCIND_") {
				got = append(got, variable)
			}
		}
		want := setup.Variables(need(t, name))
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: the template sets %v, and the function reads %v", name, got, want)
		}
	}
}

// environment is what the template gives a function.
func environment(template yamlMap, name string) yamlMap {
	all := yamlMap{}
	maps.Copy(all, template.optional("Globals", "Function", "Environment", "Variables"))
	maps.Copy(all, template.optional("Resources", logicalID(name), "Properties", "Environment", "Variables"))
	return all
}

// need is what a function's main says that it needs.
func need(t testing.TB, name string) setup.Need {
	t.Helper()
	main := string(readFile(t, "functions", name, "main.go"))
	for word, need := range map[string]setup.Need{"NoTables": setup.NoTables, "Tables": setup.Tables, "TablesAndUpstream": setup.TablesAndUpstream} {
		if strings.Contains(main, "setup.New(setup."+word+")") {
			return need
		}
	}
	t.Fatalf("functions/%s/main.go does not say what it needs", name)
	return 0
}
