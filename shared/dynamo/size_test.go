package dynamo

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// sizeOf is an item's size in bytes as DynamoDB counts it for capacity: names
// and values, with 3 bytes for a list or map and 1 for each of its elements; a
// number takes a byte for every two significant digits and one more, and one
// for a minus.
func sizeOf(it item) (n int) {
	for name, v := range it {
		n += len(name) + sizeOfValue(v)
	}
	return n
}

func sizeOfValue(v types.AttributeValue) (n int) {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return len(v.Value)
	case *types.AttributeValueMemberB:
		return len(v.Value)
	case *types.AttributeValueMemberBOOL:
		return 1
	case *types.AttributeValueMemberN:
		digits := strings.TrimLeft(v.Value, "-0")
		n = 1 + (len(strings.TrimRight(digits, "0"))+1)/2
		if v.Value[0] == '-' {
			n++
		}
		return n
	case *types.AttributeValueMemberL:
		for _, e := range v.Value {
			n += 1 + sizeOfValue(e)
		}
		return 3 + n
	case *types.AttributeValueMemberM:
		return 3 + len(v.Value) + sizeOf(v.Value)
	}
	panic(fmt.Sprintf("no attribute of ours is a %T", v))
}

// readUnits is what one consistent read of an item costs; a missing one costs too.
func readUnits(it item) int { return max(1, (sizeOf(it)+4095)/4096) }

// writeUnits is what a write costs that makes the one item of the other.
func writeUnits(before, after item) int {
	return max(1, (max(sizeOf(before), sizeOf(after))+1023)/1024)
}

// indexUnits is what the same write costs in the indexes: each entry that comes
// or goes costs one, and one that moves costs two.
func indexUnits(before, after item) (n int) {
	for _, name := range []string{attrIndex, attrClientIndex} {
		was, is := before[name], after[name]
		if was != nil && is != nil && reflect.DeepEqual(was, is) {
			continue
		}
		if was != nil {
			n++
		}
		if is != nil {
			n++
		}
	}
	return n
}

func TestSizesAreDynamoDBs(t *testing.T) {
	for _, c := range []struct {
		it   item
		want int
	}{
		{item{}, 0},
		{item{"pk": str("META")}, 6},
		{item{"d": bin(make([]byte, 32))}, 33},
		{item{"n": num(0)}, 2}, {item{"n": num(1796000000000)}, 4}, {item{"n": num(1796123456789)}, 9}, {item{"n": num(-12)}, 4},
		{item{"b": yes()}, 2},
		{item{"l": list([]string{"ab", ""})}, 1 + 3 + 2 + 2},
		{item{"m": &types.AttributeValueMemberM{Value: item{"a": str("b")}}}, 1 + 3 + 1 + 2},
	} {
		if got := sizeOf(c.it); got != c.want {
			t.Errorf("%v: %d bytes, want %d", c.it, got, c.want)
		}
	}
}
