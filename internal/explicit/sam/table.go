package sam

import (
	"errors"
	"fmt"
	"maps"
)

// table makes a table of a global table of one replica: what SAM and
// CloudFormation keep with the replica is the table's own.
func table(resources Map, id string, resource Map) error {
	properties := maps.Clone(resource.In("Properties"))
	replicas, _ := properties["Replicas"].([]any)
	if len(replicas) != 1 {
		return errors.New("a global table that has not one replica")
	}
	delete(properties, "Replicas")
	replica := maps.Clone(replicas[0].(Map))
	if here, ok := replica["Region"].(Map); !ok || here["Ref"] != "AWS::Region" {
		return errors.New("a replica that is not in the stack's Region")
	}
	delete(replica, "Region")

	throughput(properties, properties, "WriteOnDemandThroughputSettings")
	throughput(properties, replica, "ReadOnDemandThroughputSettings")
	if own, ok := replica["SSESpecification"].(Map); ok {
		properties["SSESpecification"] = merge(properties.In("SSESpecification"), own)
		delete(replica, "SSESpecification")
	}
	indexes, err := indexes(properties["GlobalSecondaryIndexes"], replica["GlobalSecondaryIndexes"])
	if err != nil {
		return err
	}
	delete(replica, "GlobalSecondaryIndexes")
	if indexes != nil {
		properties["GlobalSecondaryIndexes"] = indexes
	}
	for _, name := range []string{"PointInTimeRecoverySpecification", "DeletionProtectionEnabled", "Tags"} {
		if v, ok := replica[name]; ok {
			properties[name] = v
			delete(replica, name)
		}
	}
	for name := range replica {
		return fmt.Errorf("the replica's %s is not known here", name)
	}
	resource = maps.Clone(resource)
	resource["Type"], resource["Properties"] = "AWS::DynamoDB::Table", properties
	resources[id] = resource
	return nil
}

// throughput moves a setting to where a table has it.
func throughput(to, from Map, setting string) {
	settings, ok := from[setting].(Map)
	if !ok {
		return
	}
	delete(from, setting)
	to["OnDemandThroughput"] = merge(to.In("OnDemandThroughput"), settings)
}

func indexes(of, replicas any) ([]any, error) {
	list, _ := of.([]any)
	reads, _ := replicas.([]any)
	var all []any
	for _, v := range list {
		index := maps.Clone(v.(Map))
		throughput(index, index, "WriteOnDemandThroughputSettings")
		for _, r := range reads {
			if settings := r.(Map); settings["IndexName"] == index["IndexName"] {
				throughput(index, maps.Clone(settings), "ReadOnDemandThroughputSettings")
			}
		}
		all = append(all, index)
	}
	if len(reads) > 0 && len(reads) != len(list) {
		return nil, errors.New("the replica's indexes are not the table's")
	}
	return all, nil
}
