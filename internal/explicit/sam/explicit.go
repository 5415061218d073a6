package sam

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Code is where the functions' zip files lie: the function TokenFunction's is
// KeyPrefix + "token.zip" in the bucket.
type Code struct{ Bucket, KeyPrefix string }

// Explicit gives a resolved template without the serverless transform. The
// given one is left as it is.
func Explicit(resolved Map, code Code) (Map, error) {
	out := maps.Clone(resolved)
	delete(out, "Globals")
	resources := Map{}
	out["Resources"] = resources
	for id, v := range resolved.In("Resources") {
		resource := v.(Map)
		var err error
		switch kind := resource["Type"]; kind {
		case "AWS::Serverless::Function":
			err = function(resources, id, merge(resolved.In("Globals", "Function"), resource.In("Properties")), code)
		case "AWS::Serverless::HttpApi":
			err = api(resources, id, resource.In("Properties"))
		case "AWS::DynamoDB::GlobalTable":
			err = table(resources, id, resource)
		default:
			if strings.HasPrefix(fmt.Sprint(kind), "AWS::Serverless::") {
				return nil, fmt.Errorf("%s: %v is not known here", id, kind)
			}
			resources[id] = plainNames(resource)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", id, err)
		}
	}
	return out, nil
}

// merge is what SAM makes of its globals: mappings are joined, all else of a
// resource's own stands.
func merge(globals, own Map) Map {
	m := maps.Clone(globals)
	for name, v := range own {
		a, isMap := m[name].(Map)
		b, both := v.(Map)
		if isMap && both {
			v = merge(a, b)
		}
		m[name] = v
	}
	return m
}

// same are the properties that a function has under the same name.
var same = []string{"Runtime", "Handler", "Architectures", "MemorySize", "Timeout", "Description", "Role", "LoggingConfig",
	"Environment", "VpcConfig", "ReservedConcurrentExecutions"}

// left are those of SAM alone, which make what an emulator does without.
var left = []string{"CodeUri", "Events", "AutoPublishAlias", "AutoPublishAliasAllProperties", "VersionDescription", "DeploymentPreference", "Tracing"}

// Folder is the folder of a function, as its logical id says.
func Folder(id string) string { return strings.ToLower(strings.TrimSuffix(id, "Function")) }

func function(resources Map, id string, from Map, code Code) error {
	properties := Map{"Code": Map{"S3Bucket": code.Bucket, "S3Key": code.KeyPrefix + Folder(id) + ".zip"}}
	for name, v := range from {
		switch {
		case slices.Contains(same, name):
			properties[name] = v
		case !slices.Contains(left, name):
			return fmt.Errorf("the function's %s is not known here", name)
		}
	}
	if from["Tracing"] == "Active" {
		properties["TracingConfig"] = Map{"Mode": "Active"}
	}
	resources[id] = Map{"Type": "AWS::Lambda::Function", "Properties": properties}

	var of string
	for name, v := range from.In("Events") {
		event := v.(Map)
		p := event.In("Properties")
		to, ok := p.In("ApiId")["Ref"].(string)
		if event["Type"] != "HttpApi" || !ok {
			return fmt.Errorf("the event %s is of no HTTP API of this template", name)
		}
		if of != "" && of != to {
			return fmt.Errorf("its events are of two APIs")
		}
		of = to
		resources[name+"Route"] = Map{"Type": "AWS::ApiGatewayV2::Route", "Properties": Map{
			"ApiId":    Map{"Ref": to},
			"RouteKey": fmt.Sprintf("%v %v", p["Method"], p["Path"]),
			"Target":   Map{"Fn::Sub": "integrations/${" + integration(id) + "}"},
		}}
	}
	if of == "" {
		return nil
	}
	resources[integration(id)] = Map{"Type": "AWS::ApiGatewayV2::Integration", "Properties": Map{
		"ApiId": Map{"Ref": of}, "IntegrationType": "AWS_PROXY", "PayloadFormatVersion": "2.0",
		"IntegrationUri": Map{"Fn::GetAtt": []any{id, "Arn"}},
	}}
	return nil
}

func integration(function string) string {
	return strings.TrimSuffix(function, "Function") + "Integration"
}

func api(resources Map, id string, from Map) error {
	api, stage := Map{"ProtocolType": "HTTP"}, Map{"ApiId": Map{"Ref": id}, "AutoDeploy": true, "StageName": "$default"}
	for name, v := range from {
		switch name {
		case "Name", "Description", "DisableExecuteApiEndpoint":
			api[name] = v
		case "StageName", "AccessLogSettings", "DefaultRouteSettings":
			stage[name] = v
		case "FailOnWarnings": // of an import, which this is not
		default:
			return fmt.Errorf("the API's %s is not known here", name)
		}
	}
	resources[id] = Map{"Type": "AWS::ApiGatewayV2::Api", "Properties": api}
	resources[id+"Stage"] = Map{"Type": "AWS::ApiGatewayV2::Stage", "Properties": stage}
	return nil
}

// plainNames gives a resource with SAM's names for what it makes as this
// package makes them: "!Ref Api.Stage" is the stage's own name, and
// "!Ref TokenFunction.Alias" the function's.
func plainNames(resource Map) Map {
	properties := maps.Clone(resource.In("Properties"))
	for name, v := range properties {
		ref, ok := v.(Map)
		if !ok {
			continue
		}
		to, _ := ref["Ref"].(string)
		if of, ok := strings.CutSuffix(to, ".Stage"); ok {
			properties[name] = Map{"Ref": of + "Stage"}
		}
		if of, ok := strings.CutSuffix(to, ".Alias"); ok {
			properties[name] = Map{"Ref": of}
		}
	}
	resource = maps.Clone(resource)
	resource["Properties"] = properties
	return resource
}
