package main

// suitePackages are those with tests that ask for an engine. The processes of
// package processes are a part of their own here.
const suitePackages = "./shared/dynamo ./shared/endpoint ./internal/clauses ./internal/interleave ./events/... ./functions/... ./cmd/rescind/..."
