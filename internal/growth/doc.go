// Command growth shows what each operation takes over stores of 10, 10,000 and
// 1,000,000 grants: on SQLite how long it takes, on DynamoDB how many requests
// and capacity units.
//
//	go run ./internal/growth [--grants 10,10000,1000000] [--dynamodb-grants 10,10000,100000]
//	                         [--json]
//
// What is counted is judged: it must be the same at each size. Times are
// reported and judge nothing, since they depend on the machine. After a mass
// revocation it asks about tokens of grants below, which must be inactive.
package main
