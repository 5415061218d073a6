package functions_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"rescind/shared/dynamo"
)

func TestTemplateTablesAreTheStores(t *testing.T) {
	template := plainForm(t, "MaxReadUnits=0", "MaxWriteUnits=0") // the schemas know no caps
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

// One replica, here: with a second one written to, the last writer would win
// over a revocation.
func TestTemplateTablesAreWrittenInOneRegion(t *testing.T) {
	for id, table := range readTemplate(t).ofType(t, "AWS::DynamoDB::GlobalTable") {
		replicas := table.at(t, "Replicas").([]any)
		if len(replicas) != 1 || !reflect.DeepEqual(replicas[0].(yamlMap)["Region"], yamlMap{"Ref": "AWS::Region"}) {
			t.Errorf("%s: its replicas are %v", id, replicas)
		}
	}
}

// The parameters that tables have reach both, and their indexes.
func TestTemplateTablesTakeTheirParameters(t *testing.T) {
	const key = "arn:aws:kms:eu-central-1:123456789012:key/k"
	set := plainForm(t, "MaxReadUnits=70", "MaxWriteUnits=0", "DeletionProtection=false", "KmsKeyArn="+key, "TagKey=team", "TagValue=login")
	for id, table := range set.ofType(t, "AWS::DynamoDB::Table") {
		capped := yamlMap{"MaxReadRequestUnits": uint64(70)}
		if got := table["OnDemandThroughput"]; !reflect.DeepEqual(got, capped) {
			t.Errorf("%s is capped at %v", id, got)
		}
		indexes, _ := table["GlobalSecondaryIndexes"].([]any)
		for _, index := range indexes {
			if got := index.(yamlMap)["OnDemandThroughput"]; !reflect.DeepEqual(got, capped) {
				t.Errorf("%s: %v is capped at %v", id, index.(yamlMap)["IndexName"], got)
			}
		}
		if table["DeletionProtectionEnabled"] != false || table.at(t, "SSESpecification", "KMSMasterKeyId") != key {
			t.Errorf("%s: protected is %v, encrypted with %v", id, table["DeletionProtectionEnabled"], table["SSESpecification"])
		}
		if want := []any{yamlMap{"Key": "team", "Value": "login"}}; !reflect.DeepEqual(table["Tags"], want) {
			t.Errorf("%s is tagged %v", id, table["Tags"])
		}
	}
	for id, table := range plainForm(t).ofType(t, "AWS::DynamoDB::Table") {
		if table["DeletionProtectionEnabled"] != true || table["Tags"] != nil || table.optional("OnDemandThroughput")["MaxWriteRequestUnits"] == nil {
			t.Errorf("%s, without parameters: %v", id, table)
		}
		indexes, _ := table["GlobalSecondaryIndexes"].([]any)
		for _, index := range indexes {
			// A throttled index throttles its table's writes: the same bound, and no less.
			if got := index.(yamlMap)["OnDemandThroughput"]; !reflect.DeepEqual(got, table["OnDemandThroughput"]) {
				t.Errorf("%s: %v is capped at %v, its table at %v", id, index.(yamlMap)["IndexName"], got, table["OnDemandThroughput"])
			}
		}
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
