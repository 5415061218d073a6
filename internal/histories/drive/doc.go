// Package drive makes histories: it starts servers and the operator's command
// as processes of their own over one store, sends them what a plan says from
// many goroutines, as clients and as people's browsers, through proxies that do
// what networks do, kills servers in the midst, and writes down what was asked
// and answered.
//
// It must not judge: what an answer means for other answers is the model's. It
// knows the HTTP interface and the command line, and nothing of our packages
// but the place of a local DynamoDB engine.
package drive
