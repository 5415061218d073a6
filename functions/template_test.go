package functions_test

import (
	"maps"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"rescind/functions/setup"
	"rescind/shared/dynamo"
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
		folders = append(folders, filepath.Dir(main))
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
	if d := template.at(t, "Parameters", "Architecture", "Default"); d != "arm64" {
		t.Errorf("the default architecture is %v", d)
	}
}

func TestTemplateRoutesAreTheEndpoints(t *testing.T) {
	template := readTemplate(t)
	want := map[string]string{}
	routes, err := endpoint.Routes("https://auth.example.com")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range routes {
		want["ANY "+r.Path] = r.Name
	}
	got := map[string]string{}
	for id, route := range template.ofType(t, "AWS::ApiGatewayV2::Route") {
		target := regexp.MustCompile(`^integrations/\$\{(\w+)\}$`).FindStringSubmatch(route.at(t, "Target", "Fn::Sub").(string))
		if target == nil {
			t.Fatalf("%s: a target that this test cannot read", id)
		}
		integration := template.at(t, "Resources", target[1], "Properties").(yamlMap)
		if integration["IntegrationType"] != "AWS_PROXY" || integration["PayloadFormatVersion"] != "2.0" {
			t.Errorf("%s: type %v, payload format %v", target[1], integration["IntegrationType"], integration["PayloadFormatVersion"])
		}
		name := strings.TrimSuffix(integration.at(t, "IntegrationUri", "Fn::GetAtt").(string), ".Arn")
		got[route["RouteKey"].(string)] = function(t, name)
	}
	if !maps.Equal(got, want) {
		t.Errorf("the template's routes are\n%v\nand the endpoints'\n%v", got, want)
	}
	permitted := map[string]bool{}
	for _, p := range template.ofType(t, "AWS::Lambda::Permission") {
		permitted[function(t, p.at(t, "FunctionName", "Ref").(string))] = true
	}
	if len(permitted) != len(names) {
		t.Errorf("the API may call %v only", permitted)
	}
	for id, stage := range template.ofType(t, "AWS::ApiGatewayV2::Stage") {
		if stage["StageName"] != "$default" { // or the well-known URLs would not lie at the root
			t.Errorf("%s is named %v", id, stage["StageName"])
		}
	}
}

func TestTemplateOutputsNameTheEndpoints(t *testing.T) {
	template := readTemplate(t)
	routes, err := endpoint.Routes("https://auth.example.com")
	if err != nil {
		t.Fatal(err)
	}
	issuer := template.at(t, "Globals", "Function", "Environment", "Variables", setup.Issuer)
	if got := template.at(t, "Outputs", "Issuer", "Value"); !reflect.DeepEqual(got, issuer) {
		t.Errorf("the output Issuer is %v, and the functions' %v", got, issuer)
	}
	seen := map[string]bool{}
	for _, r := range routes {
		if seen[r.Name] {
			continue
		}
		seen[r.Name] = true
		output := strings.TrimSuffix(logicalID(r.Name), "Function") + "Endpoint"
		want := []any{"${Base}" + r.Path, yamlMap{"Base": issuer}}
		if got := template.at(t, "Outputs", output, "Value", "Fn::Sub"); !reflect.DeepEqual(got, want) {
			t.Errorf("the output %s is %v, want %v", output, got, want)
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
	with, without := strings.Contains(main, "setup.New(setup.Tables)"), strings.Contains(main, "setup.New(setup.NoTables)")
	if with == without {
		t.Fatalf("functions/%s/main.go does not say what it needs", name)
	}
	return setup.Need(with)
}

func TestTemplateTablesAreTheStores(t *testing.T) {
	template := readTemplate(t)
	tables := template.ofType(t, "AWS::DynamoDB::Table")
	ids := []string{"TokensTable", "PrincipalsTable"}
	if len(tables) != len(ids) {
		t.Errorf("the template has %d tables", len(tables))
	}
	for i, want := range dynamo.Schemas(dynamo.Tables{Tokens: "STACK-tokens", Principals: "STACK-principals"}) {
		got := tables[ids[i]]
		// The operator's command makes the names of its --store's prefix.
		name := strings.ReplaceAll(got.at(t, "TableName", "Fn::Sub").(string), "${AWS::StackName}", "STACK")
		if name != aws.ToString(want.TableName) {
			t.Errorf("%s is named %s, want %s", ids[i], name, aws.ToString(want.TableName))
		}
		if shape := schemaOf(want); !reflect.DeepEqual(got.only(shape), shape) {
			t.Errorf("%s:\n got %v\nwant %v", ids[i], got.only(shape), shape)
		}
		resource := template.at(t, "Resources", ids[i]).(yamlMap)
		if resource["DeletionPolicy"] != "Retain" || resource["UpdateReplacePolicy"] != "Retain" {
			t.Errorf("%s is not retained: revocations would be forgotten with the stack", ids[i])
		}
		if got.at(t, "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled") != true || got.at(t, "SSESpecification", "SSEEnabled") != true {
			t.Errorf("%s lacks point-in-time recovery or encryption", ids[i])
		}
	}
	ttl := tables["TokensTable"].at(t, "TimeToLiveSpecification").(yamlMap)
	if want := (yamlMap{"AttributeName": dynamo.TTLAttribute, "Enabled": true}); !reflect.DeepEqual(ttl, want) {
		t.Errorf("TokensTable: TTL is %v, want %v", ttl, want)
	}
	if _, ok := tables["PrincipalsTable"]["TimeToLiveSpecification"]; ok {
		t.Error("PrincipalsTable has a TTL: a client or an epoch that expires revives what it ended")
	}
}

// only gives the members that are also in o, and those that decide a schema.
func (m yamlMap) only(o yamlMap) yamlMap {
	kept := yamlMap{}
	for name, v := range m {
		_, decides := o[name]
		if decides || strings.HasSuffix(name, "SecondaryIndexes") {
			kept[name] = v
		}
	}
	return kept
}

// schemaOf writes a schema as the template does.
func schemaOf(in *dynamodb.CreateTableInput) yamlMap {
	m := yamlMap{"BillingMode": string(in.BillingMode)}
	var attributes, keys, indexes []any
	for _, a := range in.AttributeDefinitions {
		attributes = append(attributes, yamlMap{"AttributeName": *a.AttributeName, "AttributeType": string(a.AttributeType)})
	}
	for _, k := range in.KeySchema {
		keys = append(keys, yamlMap{"AttributeName": *k.AttributeName, "KeyType": string(k.KeyType)})
	}
	m["AttributeDefinitions"], m["KeySchema"] = attributes, keys
	for _, i := range in.GlobalSecondaryIndexes {
		var keys []any
		for _, k := range i.KeySchema {
			keys = append(keys, yamlMap{"AttributeName": *k.AttributeName, "KeyType": string(k.KeyType)})
		}
		indexes = append(indexes, yamlMap{"IndexName": *i.IndexName, "KeySchema": keys,
			"Projection": yamlMap{"ProjectionType": string(i.Projection.ProjectionType)}})
	}
	if indexes != nil {
		m["GlobalSecondaryIndexes"] = indexes
	}
	return m
}
