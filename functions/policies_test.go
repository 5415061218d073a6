package functions_test

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"rescind/shared/browser"
	"rescind/shared/dynamo"
	"rescind/shared/endpoint"
	"rescind/shared/grant"
)

// wired is the interface that a function's main gives its store to the
// endpoint as. The mains name it too, and do not compile where it is less than
// the endpoint asks for.
var wired = map[string]reflect.Type{
	"token":         reflect.TypeFor[endpoint.TokenStore](),
	"revocation":    reflect.TypeFor[grant.RevokeStore](),
	"introspection": reflect.TypeFor[grant.Finder](),
	"browser":       reflect.TypeFor[browser.Store](),
}

// A policy permits what the methods of the interface do to each table, and
// nothing else: what they do is recorded while each of them runs.
func TestTemplatePoliciesAreTheStoreInterfaces(t *testing.T) {
	template := readTemplate(t)
	for _, name := range names {
		want := map[string][]string{}
		if store, ok := wired[name]; ok {
			want = verbsOf(t, store)
			main := string(readFile(t, "functions", name, "main.go"))
			if !strings.Contains(main, "var store "+store.String()+" = tables.Open(") {
				t.Errorf("functions/%s/main.go does not open its store as %s", name, store)
			}
		}
		if got := permitted(t, template, name); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the policy permits\n%v\nand its store does\n%v", name, got, want)
		}
	}
}

// permitted is what a function's role allows on each table, sorted. All else
// that it allows is checked here: its own log, and only where they are asked for
// the tables' key, a VPC and traces.
func permitted(t *testing.T, template yamlMap, name string) map[string][]string {
	t.Helper()
	f := template.at(t, "Resources", logicalID(name), "Properties").(yamlMap)
	if f["Policies"] != nil {
		t.Errorf("%s: policies beside its role's", name)
	}
	id := strings.TrimSuffix(f.at(t, "Role", "Fn::GetAtt").(string), ".Arn")
	if id != strings.TrimSuffix(logicalID(name), "Function")+"Role" {
		t.Errorf("%s has the role %s", name, id)
	}
	found := map[string][]string{}
	var beside []any
	for _, s := range statements(t, template, id) {
		statement := s.(yamlMap)
		table, ok := tableOf(statement.optional("Resource"))
		if !ok {
			beside = append(beside, s)
			continue
		}
		if statement["Effect"] != "Allow" || len(statement) != 3 || found[table] != nil {
			t.Errorf("%s: a second statement for %s, or one that is more than Allow, Action and Resource", name, table)
		}
		for _, action := range statement.at(t, "Action").([]any) {
			found[table] = append(found[table], strings.TrimPrefix(action.(string), "dynamodb:"))
		}
		slices.Sort(found[table])
	}
	if want := besideTables(id, len(found) > 0); !reflect.DeepEqual(beside, want) {
		t.Errorf("%s may beside its tables\n%v\nand should\n%v", name, beside, want)
	}
	vpc := yamlMap{"Fn::If": []any{"InVpc",
		[]any{yamlMap{"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaENIManagementAccess"}}, yamlMap{"Ref": "AWS::NoValue"}}}
	if got := template.at(t, "Resources", id, "Properties", "ManagedPolicyArns"); !reflect.DeepEqual(got, vpc) {
		t.Errorf("%s has the managed policies %v", name, got)
	}
	return found
}

// tableOf is the table that a statement is for or, as "TABLE/index/NAME", its index.
func tableOf(resource yamlMap) (string, bool) {
	table, ok := strings.CutSuffix(first(resource["Fn::GetAtt"]), ".Arn")
	if sub := first(resource["Fn::Sub"]); strings.Contains(sub, ".Arn}/index/") {
		table, ok = strings.Replace(strings.TrimPrefix(sub, "${"), ".Arn}", "", 1), true
	}
	base, _, _ := strings.Cut(table, "/")
	return table, ok && strings.HasSuffix(base, "Table")
}

// statements are those of a role's one policy.
func statements(t *testing.T, template yamlMap, role string) []any {
	t.Helper()
	policies := template.at(t, "Resources", role, "Properties", "Policies").([]any)
	if len(policies) != 1 {
		t.Fatalf("%s has %d policies", role, len(policies))
	}
	return policies[0].(yamlMap).at(t, "PolicyDocument", "Statement").([]any)
}

// besideTables are a role's statements that are for no table.
func besideTables(role string, hasTables bool) []any {
	none := yamlMap{"Ref": "AWS::NoValue"}
	var all []any
	if hasTables {
		all = append(all, yamlMap{"Fn::If": []any{"HasKey", yamlMap{
			"Effect": "Allow", "Action": []any{"kms:Decrypt"}, "Resource": yamlMap{"Ref": "KmsKeyArn"},
			"Condition": yamlMap{"StringEquals": yamlMap{"kms:ViaService": yamlMap{"Fn::Sub": "dynamodb.${AWS::Region}.${AWS::URLSuffix}"}}},
		}, none}})
	}
	return append(all,
		yamlMap{"Effect": "Allow", "Action": []any{"logs:CreateLogStream", "logs:PutLogEvents"},
			"Resource": yamlMap{"Fn::GetAtt": strings.TrimSuffix(role, "Role") + "LogGroup.Arn"}},
		yamlMap{"Fn::If": []any{"IsTraced", yamlMap{
			"Effect": "Allow", "Action": []any{"xray:PutTraceSegments", "xray:PutTelemetryRecords"}, "Resource": "*",
		}, none}})
}

// first is a text, or "" for what is none.
func first(v any) string {
	s, _ := v.(string)
	return s
}

// verbsOf runs all methods of the interface, each on a store that has read its
// META rows before and on one that finds none, and gives what they sent.
func verbsOf(t *testing.T, store reflect.Type) map[string][]string {
	t.Helper()
	seen := map[string]map[string]bool{}
	for i := range store.NumMethod() {
		method := store.Method(i).Name
		call, ok := calls[method]
		if !ok {
			t.Fatalf("%s: add a call of %s to this test", store, method)
		}
		for _, named := range []bool{true, false} {
			api := &recorder{seen: seen, named: named}
			s := dynamo.New(api, dynamo.Tables{Tokens: "TokensTable", Principals: "PrincipalsTable"})
			if err := s.Warm(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := call(t.Context(), s); err != nil {
				t.Fatalf("%s: %v", method, err)
			}
		}
	}
	verbs := map[string][]string{}
	for table, v := range seen {
		verbs[table] = slices.Sorted(maps.Keys(v))
	}
	return verbs
}

// recorder is a DynamoDB whose conditions always hold. It notes what it is asked.
type recorder struct {
	seen  map[string]map[string]bool
	named bool // whether the tables have META rows
}

func (r *recorder) note(table *string, verb string) {
	if r.seen[*table] == nil {
		r.seen[*table] = map[string]bool{}
	}
	r.seen[*table][verb] = true
}

func (r *recorder) GetItem(_ context.Context, in *dynamodb.GetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	r.note(in.TableName, "GetItem")
	return &dynamodb.GetItemOutput{}, nil
}

func (r *recorder) BatchGetItem(_ context.Context, in *dynamodb.BatchGetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	out := &dynamodb.BatchGetItemOutput{Responses: map[string][]item{}}
	for table, keys := range in.RequestItems {
		r.note(&table, "BatchGetItem")
		for _, key := range keys.Keys {
			if r.named && reflect.DeepEqual(key["pk"], text("META")) {
				out.Responses[table] = append(out.Responses[table], item{"pk": key["pk"], "name": text(table), "gen": number("0")})
			}
		}
	}
	return out, nil
}

func (r *recorder) PutItem(_ context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	r.note(in.TableName, "PutItem")
	return &dynamodb.PutItemOutput{}, nil
}

func (r *recorder) UpdateItem(_ context.Context, in *dynamodb.UpdateItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	r.note(in.TableName, "UpdateItem")
	out := &dynamodb.UpdateItemOutput{}
	if in.ReturnValues != "" { // a revocation reads the item as it is then
		out.Attributes = item{"pk": in.Key["pk"], "v": number("1"), "c": text("c"), "an": number("0"), "rev": number("1")}
	}
	return out, nil
}

func (r *recorder) Query(_ context.Context, in *dynamodb.QueryInput, _ ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	of := aws.ToString(in.TableName)
	if in.IndexName != nil {
		of += "/index/" + *in.IndexName
	}
	r.note(&of, "Query")
	return &dynamodb.QueryOutput{}, nil
}

func (r *recorder) Scan(_ context.Context, in *dynamodb.ScanInput, _ ...func(*dynamodb.Options)) (*dynamodb.ScanOutput, error) {
	r.note(in.TableName, "Scan")
	return &dynamodb.ScanOutput{}, nil
}

type item = map[string]types.AttributeValue

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(n string) types.AttributeValue { return &types.AttributeValueMemberN{Value: n} }
