# Everything that can be done with the sources. `make` alone lists it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Where the server keeps what it knows, and where it listens.
DATA ?= .data
LISTEN ?= 127.0.0.1:8080
# The data that `make acceptance` reads.
VIZSLA_TEST_DATA ?= ../shared/data

CARGO_BIN := $(or $(CARGO_HOME),$(HOME)/.cargo)/bin
export PATH := $(CURDIR)/.tools/bin:$(CARGO_BIN):$(PATH)

FRONTEND := crates/web/frontend
LOCKED := $(if $(CI),--locked,)

# npm ci that runs again only when the lock file changed.
define NPM_CI
@if [ $(1)/package-lock.json -nt $(1)/node_modules/.package-lock.json ]; then \
	echo "npm ci in $(1)"; \
	cd $(1) && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund --loglevel=error && touch node_modules/.package-lock.json; \
fi
endef

.PHONY: help
help: ## This list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  DATA=$(DATA)  LISTEN=$(LISTEN)  VIZSLA_TEST_DATA=$(VIZSLA_TEST_DATA)"

.PHONY: run
run: bootstrap frontend ## Build what changed and start the server (DATA, LISTEN)
	cargo build $(LOCKED) --bin vizsla
	exec target/debug/vizsla serve --data $(DATA) --listen $(LISTEN)

.PHONY: dev
dev: bootstrap frontend ## Like run, and again whenever a source changes
	DATA=$(DATA) LISTEN=$(LISTEN) scripts/dev.sh

.PHONY: test
test: bootstrap-test frontend ## All that is tested from the clone alone
	$(MAKE) frontend-check fmt-check clippy deny
	cargo test $(LOCKED) --workspace
	$(MAKE) e2e

.PHONY: acceptance
acceptance: ## The same doors on real data (VIZSLA_TEST_DATA)
	@scripts/acceptance-data.sh "$(abspath $(VIZSLA_TEST_DATA))"
	$(MAKE) bootstrap-test frontend e2e/node_modules
	VIZSLA_ACCEPTANCE=1 VIZSLA_TEST_DATA="$(abspath $(VIZSLA_TEST_DATA))" cargo test $(LOCKED) --workspace --test 'acceptance*'
	cargo build $(LOCKED) --bin vizsla
	scripts/acceptance-export.sh "$(CURDIR)/target/debug/vizsla" "$(abspath $(VIZSLA_TEST_DATA))"
	cd e2e && VIZSLA_ACCEPTANCE=1 VIZSLA_TEST_DATA="$(abspath $(VIZSLA_TEST_DATA))" VIZSLA_CHROMIUM="$$(../scripts/chromium.sh)" npm run --silent acceptance

.PHONY: check
check: bootstrap-test frontend ## What should hold before every commit: quick
	$(MAKE) frontend-check fmt-check clippy deny
	cargo test $(LOCKED) --workspace --lib

.PHONY: bench
bench: bootstrap ## Measure what is measured
	VIZSLA_TEST_DATA="$(abspath $(VIZSLA_TEST_DATA))" cargo bench $(LOCKED) -p vizsla --bench http --bench analysts --bench scale
	@zip="$(abspath $(VIZSLA_TEST_DATA))/logs/otrf-lsass-campaign-01/metasploit_logonpasswords_lsass_memory_dump.zip"; \
	if [ -f "$$zip" ]; then cargo run $(LOCKED) --release -p vizsla-logs --example bench_index -- "$$zip" 12; \
	else echo "The log index was not measured: there is no $$zip (see VIZSLA_TEST_DATA)."; fi

.PHONY: gallery
gallery: bootstrap-test frontend e2e/node_modules ## Try every component, with pictures in e2e/results/pictures
	cd e2e && VIZSLA_CHROMIUM="$$(../scripts/chromium.sh)" npx playwright test --project=gallery

.PHONY: clean
clean: ## Remove what was built; what the server knows stays
	cargo clean
	rm -rf $(FRONTEND)/node_modules $(FRONTEND)/build e2e/node_modules e2e/results
	find crates/web/dist -type f -not -name .gitkeep -delete

# The parts of the above.

.PHONY: bootstrap
bootstrap:
	@scripts/bootstrap.sh run

.PHONY: bootstrap-test
bootstrap-test:
	@scripts/bootstrap.sh test

.PHONY: $(FRONTEND)/node_modules e2e/node_modules
$(FRONTEND)/node_modules e2e/node_modules:
	$(call NPM_CI,$(@D))

.PHONY: frontend
frontend: $(FRONTEND)/node_modules
	@cd $(FRONTEND) && npm run --silent build

.PHONY: frontend-check
frontend-check: $(FRONTEND)/node_modules e2e/node_modules
	cd $(FRONTEND) && npm run --silent check && npm run --silent test
	cd e2e && npm run --silent check

.PHONY: fmt
fmt: ## Format the Rust sources
	cargo fmt --all

.PHONY: fmt-check
fmt-check:
	cargo fmt --all --check

.PHONY: clippy
clippy:
	cargo clippy $(LOCKED) --workspace --all-targets -- -D warnings
	@# All targets are those that are tested by default; these are not.
	cargo clippy $(LOCKED) --workspace --test 'acceptance*' -- -D warnings

.PHONY: deny
deny:
	scripts/deny.sh

.PHONY: e2e
e2e: e2e/node_modules
	cargo build $(LOCKED) --bin vizsla
	cd e2e && VIZSLA_CHROMIUM="$$(../scripts/chromium.sh)" npm run --silent test
