# The targets that `sam build` calls, one for each function of template.yaml, and
# the authorizer's for templates of APIs that it protects:
# each puts a program named bootstrap into $(ARTIFACTS_DIR). The Makefile
# includes this file. Without more it builds for arm64, the template's default.
# sam tells make nothing of the Architecture parameter: where that is another,
# name it twice, or the function cannot start (its log says "exec format error"):
#
#   LAMBDA_ARCH=x86_64 sam build --parameter-overrides Architecture=x86_64
LAMBDA_ARCH ?= arm64
GOARCH_arm64 := arm64
GOARCH_x86_64 := amd64
lambda_goarch = $(or $(GOARCH_$(LAMBDA_ARCH)),$(error LAMBDA_ARCH is $(LAMBDA_ARCH): use arm64 or x86_64, as the template's Architecture))
lambda_output = $(or $(ARTIFACTS_DIR),$(error $@ is for `sam build`, which sets ARTIFACTS_DIR; to build by hand use `make build`))/bootstrap
lambda_build = CGO_ENABLED=0 GOOS=linux GOARCH=$(lambda_goarch) $(or $(go),go) build -tags lambda.norpc -trimpath -buildvcs=false -ldflags '-s -w' -o '$(lambda_output)'

.PHONY: build-TokenFunction build-RevocationFunction build-IntrospectionFunction build-BrowserFunction build-MetadataFunction build-AuthorizerFunction

build-TokenFunction:
	$(lambda_build) ./functions/token

build-RevocationFunction:
	$(lambda_build) ./functions/revocation

build-IntrospectionFunction:
	$(lambda_build) ./functions/introspection

build-BrowserFunction:
	$(lambda_build) ./functions/browser

build-MetadataFunction:
	$(lambda_build) ./functions/metadata

build-AuthorizerFunction:
	$(lambda_build) ./functions/authorizer
