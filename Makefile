# Every target is one go command; `make help` shows it for those without make.
PORT ?= 8000
N ?= 300
FOR ?= 1h
GO ?= go
export CGO_ENABLED := 0

# Go before 1.21 does not understand the version in go.mod and says so badly;
# from 1.21 on go itself says it well. Expanded only where a recipe runs go.
GO_VERSION = $(patsubst go%,%,$(word 3,$(shell $(GO) version 2>&1)))
GO_MINOR = $(word 2,$(subst ., ,$(GO_VERSION)))
OLD := 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20
NEED := rescind needs Go 1.26 or newer
go = $(if $(shell command -v $(GO) 2>/dev/null),$(if $(filter $(OLD),$(GO_MINOR)),$(error $(NEED), and this is Go $(GO_VERSION): install a newer one),$(GO)),$(error $(NEED), and there is no $(GO) here: install it))
task = $(go) run ./internal/task

.PHONY: help run test test-dynamodb build vet fuzz bench bench-lambda bench-compare growth histories soak integration race release clean
.DEFAULT_GOAL := help

define HELP

  make run [PORT=N]    the service on http://localhost:8000
                       go run ./cmd/rescind serve --demo --addr 127.0.0.1:8000
  make test            all tests, offline; on DynamoDB too if an engine is there
                       go run ./internal/task test --fuzz 1
  make test-dynamodb   all tests, fetching DynamoDB Local if it is not there
                       go run ./internal/task test-dynamodb
  make integration     the whole suite on the DynamoDB of AWS_ENDPOINT_URL
                       go run ./internal/integration
  make race            all tests, looking for data races (needs a C compiler)
                       go run ./internal/task test --race
  make build           the command and the Lambda functions, into build/
                       go run ./internal/task build
  make vet             go vet, staticcheck, gofmt
                       go run ./internal/task vet
  make fuzz            every fuzz target, 2 seconds each
                       go run ./internal/task fuzz --seconds 2
  make bench           the benchmarks (ARGS="..." hands arguments on)
                       go run ./internal/task bench
  make bench-lambda    the functions as Lambda runs them: start, first and warm request
                       go run ./internal/lambdabench
  make bench-compare   beside other servers, from npm, PyPI and the Go modules
                       go run ./internal/compare
  make growth          what operations take over 10, 10,000, 1,000,000 grants
                       go run ./internal/growth
  make histories [N=300]   random histories under faults, and whether they are true
                       go run ./internal/histories --n 300
  make soak [FOR=1h]   an hour at 70% of the peak: nothing grows, nothing is lost
                       go run ./internal/soak --for 1h
  make release         what is published: functions to deploy without Go, the command
                       go run ./internal/release
  make clean           remove build/
                       go run ./internal/task clean

endef

help:
	@:$(info $(HELP))

# Built and started in two steps: go run makes an error of Ctrl-C.
run:
	@$(go) build -o build/rescind ./cmd/rescind
	@build/rescind serve --demo --addr 127.0.0.1:$(PORT)

test:
	@$(task) test --fuzz 1

test-dynamodb:
	@$(task) test-dynamodb

race:
	@$(task) test --race

build:
	@$(task) build

vet:
	@$(task) vet

fuzz:
	@$(task) fuzz --seconds 2

bench:
	@$(task) bench $(ARGS)

bench-lambda:
	@$(go) run ./internal/lambdabench $(ARGS)

bench-compare:
	@$(go) run ./internal/compare $(ARGS)

growth:
	@$(go) run ./internal/growth $(ARGS)

histories:
	@$(go) run ./internal/histories --n $(N) $(ARGS)

soak:
	@$(go) run ./internal/soak --for $(FOR) $(ARGS)

integration:
	@$(go) run ./internal/integration $(ARGS)

release:
	@$(go) run ./internal/release $(ARGS)

clean:
	@$(task) clean

# What `sam build` calls.
include functions/functions.mk
