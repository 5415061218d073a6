package sam_test

import (
	"reflect"
	"strings"
	"testing"

	"rescind/internal/explicit/sam"
)

const small = `
Parameters:
  Name: {Type: String, Default: ''}
  Count: {Type: Number, Default: 0}
  List: {Type: CommaDelimitedList, Default: 'a, b'}
Mappings:
  Of: {x: {Y: mapped}}
Conditions:
  Named: !Not [!Equals [!Ref Name, '']]
  Counts: !And [!Condition Named, !Not [!Equals [!Ref Count, 0]]]
  Either: !Or [!Condition Named, !Condition Counts]
Resources:
  Bare:
    Type: AWS::X::Y
    Condition: Counts
    Properties: {A: 1}
  Kept:
    Type: AWS::X::Y
    Properties:
      Gone: !If [Named, !Ref Name, !Ref AWS::NoValue]
      Members: [!If [Counts, one, !Ref AWS::NoValue], two]
      Count: !Ref Count
      Second: !Select [1, !Ref List]
      Joined: !Join ['-', !Ref List]
      Later: !Join ['-', [!Ref Kept, !Ref Name]]
      Found: !FindInMap [Of, x, Y]
      Text: !Sub '${Name}/${Other}'
      Nested: !Sub
        - ${Base}/o
        - Base: !If [Either, !Ref Name, !Sub 'https://${Api}']
      Of: !GetAtt Kept.Arn
`

func resolve(t *testing.T, parameters map[string]string) sam.Map {
	t.Helper()
	template, err := sam.Read([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	got, err := sam.Resolve(template, parameters)
	if err != nil {
		t.Fatal(err)
	}
	return got.In("Resources")
}

func TestResolve(t *testing.T) {
	same := sam.Map{
		"Second": "b", "Joined": "a-b", "Found": "mapped", "Of": sam.Map{"Fn::GetAtt": []any{"Kept", "Arn"}},
	}
	for _, tc := range []struct {
		parameters map[string]string
		bare       bool
		want       sam.Map
	}{
		{nil, false, sam.Map{
			"Members": []any{"two"}, "Count": uint64(0), "Later": sam.Map{"Fn::Join": []any{"-", []any{sam.Map{"Ref": "Kept"}, ""}}},
			"Text": sam.Map{"Fn::Sub": "/${Other}"}, "Nested": sam.Map{"Fn::Sub": "https://${Api}/o"},
		}},
		{map[string]string{"Name": "n", "Count": "7"}, true, sam.Map{
			"Gone": "n", "Members": []any{"one", "two"}, "Count": uint64(7), "Later": sam.Map{"Fn::Join": []any{"-", []any{sam.Map{"Ref": "Kept"}, "n"}}},
			"Text": sam.Map{"Fn::Sub": "n/${Other}"}, "Nested": "n/o",
		}},
	} {
		for name, v := range same {
			tc.want[name] = v
		}
		got := resolve(t, tc.parameters)
		if p := got.In("Kept", "Properties"); !reflect.DeepEqual(p, tc.want) {
			t.Errorf("%v:\n got %v\nwant %v", tc.parameters, p, tc.want)
		}
		if _, ok := got["Bare"]; ok != tc.bare {
			t.Errorf("%v: that Bare is there is %t", tc.parameters, ok)
		}
	}
}

// What the package does not know is an error, never a wrong template.
func TestUnknownIsRefused(t *testing.T) {
	for _, tc := range []struct{ text, says string }{
		{"", "empty"},
		{"[a]", "no mapping"},
		{"Resources: {A: {Type: X, Type: Y}}", "already defined"},
		{"Resources: {A: {P: 1.5}}", "is not read here"},
		{"Resources: {A: {Type: X, Properties: {B: !Split [a, b]}}}", "Fn::Split is not known"},
		{"Resources: {A: {Type: X, Condition: Nowhere}}", "no condition Nowhere"},
		{"Resources: {A: {Type: 'AWS::Serverless::Api'}}", "AWS::Serverless::Api is not known"},
		{"Resources: {A: {Type: 'AWS::Serverless::Function', Properties: {Layers: []}}}", "Layers is not known"},
		{"Resources: {A: {Type: 'AWS::Serverless::HttpApi', Properties: {Domain: {}}}}", "Domain is not known"},
		{"Resources: {A: {Type: 'AWS::DynamoDB::GlobalTable', Properties: {Replicas: []}}}", "not one replica"},
		{"Parameters: {P: {Type: String}}", "no default"},
	} {
		template, err := sam.Read([]byte(tc.text))
		if err == nil {
			if template, err = sam.Resolve(template, nil); err == nil {
				_, err = sam.Explicit(template, sam.Code{})
			}
		}
		if err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%q: %v, want %q", tc.text, err, tc.says)
		}
	}
}
