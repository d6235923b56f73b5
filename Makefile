# Crossframe. `make` lists the targets. They need Go 1.26, Node 20 and make; the rest is fetched.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# The race detector needs a C compiler; without one the tests run without it, and say so.
RACE := $(if $(shell command -v gcc || command -v clang),-race,)
# WASM tests run in Node. Go's runner takes few and short environment variables, so it gets only what Node needs.
WASM_EXEC = env -i PATH=$$PATH HOME=$$HOME $$(go env GOROOT)/lib/wasm/go_js_wasm_exec
# Quality of the files that the server sends compressed: 11 for what is shipped, 5 for trying out and for tests.
BROTLI ?= 11
FUZZTIME ?= 10s
BENCH ?=
CHAOS ?=
ARGS ?=
# What the broker is measured against; nothing of it is linked or shipped. Its first build takes some minutes.
CENTRIFUGO := github.com/centrifugal/centrifugo/v6@v6.9.1
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

BIN := node_modules/.bin
# Folders with TypeScript that has tests of its own.
TS := protocol/ts clientlib hostpage demo
find = $(shell find $(1) -name node_modules -prune -o -name dist -prune -o -type f -print 2>/dev/null)
GO_SOURCES := go.mod go.sum $(call find,protocol wasm)

NPM := node_modules/.package-lock.json
CLIENT := clientlib/dist/client.min.js
SITE := hostpage/dist/index.html
DEMO := demo/dist/legacy/app.js
ASSETS = build/assets.$(BROTLI)

##@ Everyday

.PHONY: help
help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z0-9-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' Makefile

.PHONY: run
run: ## Build and start the demo on http://localhost:8080; ARGS="--port-base 9000" for others
	@$(MAKE) --no-print-directory build BROTLI=5
	@exec build/crossframe demo $(ARGS)

.PHONY: build
build: $(ASSETS) ## Build build/crossframe, one binary with everything in it
	CGO_ENABLED=0 go build -trimpath -o build/crossframe ./broker/cmd/crossframe

.PHONY: release
release: build ## Build it as it is shipped, and check that the binary is static and has the page
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o build/crossframe ./broker/cmd/crossframe
	scripts/release.sh build/crossframe

.PHONY: test
test: ## Run every test: style, types, Go, WASM, TypeScript, browser
	@$(MAKE) --no-print-directory lint check-generate typecheck test-go test-wasm test-ts e2e
	@echo "make test: everything passed"

.PHONY: clean
clean: ## Remove everything that was built
	rm -rf build clientlib/dist hostpage/dist demo/dist
	find broker/assets/dist -mindepth 1 ! -name .keep -delete

##@ Parts of the tests

.PHONY: lint
lint: $(NPM) ## Check format and style of Go and TypeScript
	@unformatted=$$(gofmt -l protocol wasm broker clientlib/crossframe demo bench *.go); test -z "$$unformatted" || { echo "run gofmt -w on:" $$unformatted; exit 1; }
	go vet ./...
	GOOS=js GOARCH=wasm go vet ./protocol/... ./wasm/...
	$(BIN)/oxlint --deny-warnings -D typescript/no-explicit-any --ignore-pattern '**/dist/**' --ignore-pattern 'build/**' protocol/ts clientlib hostpage demo bench

.PHONY: staticcheck
staticcheck: ## Check Go with staticcheck; the first time takes a minute
	go run $(STATICCHECK) ./...

.PHONY: typecheck
typecheck: $(NPM) $(CLIENT) ## Check the types of TypeScript
	@for folder in $(TS); do echo "tsc $$folder"; $(BIN)/tsc -p $$folder --noEmit; done

.PHONY: test-go
test-go: ## Test Go on this machine
	@test -n "$(RACE)" || echo "no C compiler: the tests run without the race detector"
	go test $(RACE) ./...
	go test $(RACE) -tags otel -run 'TestSpans|TestRequestsAreSpans|TestSwitchedOff' ./broker/tracing ./broker/relay ./broker/server

.PHONY: test-wasm
test-wasm: ## Test protocol and hub as WebAssembly, in Node
	GOOS=js GOARCH=wasm go test -exec "$(WASM_EXEC)" $$(go list ./protocol/... | grep -v /protocol/gen) $$(GOOS=js GOARCH=wasm go list ./wasm/...)

.PHONY: test-ts
test-ts: $(NPM) $(CLIENT) ## Test TypeScript in Node
	@for folder in $(TS); do $(BIN)/vitest run --root $$folder; done

.PHONY: e2e
e2e: $(NPM) ## Test the real thing in a real browser
	@$(MAKE) --no-print-directory build BROTLI=5
	CROSSFRAME=$(CURDIR)/build/crossframe CHROMIUM=$$(scripts/chromium.sh) $(BIN)/vitest run --root hostpage --config vitest.e2e.config.ts

.PHONY: fuzz
fuzz: $(NPM) ## Fuzz every decoder, and the hub behind its guard, for FUZZTIME each (10s)
	scripts/fuzz.sh $(FUZZTIME)
	FUZZTIME=$(FUZZTIME) $(BIN)/vitest run --root hostpage test/fuzz

##@ Figures

.PHONY: bench
bench: $(NPM) ## Measure against baselines; BENCH=P1 for one goal
	@$(MAKE) --no-print-directory build
	CHROMIUM=$$(scripts/chromium.sh) npm run bench --workspace bench -- $(BENCH)

.PHONY: size
size: $(SITE) ## Say how large hub and client library are, against their goals
	node scripts/size.mjs

.PHONY: bench-broker
bench-broker: build/nats-server ## Measure the broker against Centrifugo, NATS and a plain server, ten minutes; BENCH=burst for one part
	@$(MAKE) --no-print-directory build BROTLI=5
	GOBIN=$(CURDIR)/build go install $(CENTRIFUGO) || rm -f build/centrifugo
	go build -o build/bench-broker ./bench/broker
	build/bench-broker $(BENCH)

##@ Faults

.PHONY: chaos
chaos: build/nats-server ## Break the broker, its disk, its network and its cluster under load, ten minutes; CHAOS="D01 C03" for some rows
	@$(MAKE) --no-print-directory build BROTLI=5
	go build -o build/chaos ./bench/chaos
	build/chaos $(CHAOS)

##@ Generated code

.PHONY: generate
generate: ## Write codecs, TypeScript types and tables from the Go structs
	go generate ./protocol

.PHONY: check-generate
check-generate: ## Fail where generated files are out of date
	go run ./protocol/gen -check

# What is built, each made anew only where something that it is made of changed.

# The version that go.mod names.
build/nats-server: go.mod
	go build -o $@ github.com/nats-io/nats-server/v2

$(NPM): package-lock.json
	npm ci --no-audit --no-fund
	@touch $@

$(CLIENT): $(NPM) $(call find,clientlib/src protocol/ts/src) $(wildcard clientlib/*.json) clientlib/build.mjs
	npm run build --workspace clientlib
	@touch $@

$(SITE): $(NPM) $(CLIENT) $(GO_SOURCES) $(call find,hostpage/src) $(wildcard hostpage/*.css) hostpage/index.html hostpage/nethttp.go.txt hostpage/build.mjs
	node hostpage/build.mjs

$(DEMO): $(NPM) $(call find,demo/src clientlib/src protocol/ts/src) demo/build.mjs
	node demo/build.mjs
	@touch $@

$(ASSETS): $(SITE) $(DEMO) demo/apps.yaml $(wildcard broker/assets/pack/*.go)
	go run ./broker/assets/pack -out broker/assets/dist -quality $(BROTLI) site=hostpage/dist demo=demo/dist demo/apps.yaml=demo/apps.yaml
	@mkdir -p build && touch $@
