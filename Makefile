# Every word there is; `make` alone lists them. A fresh machine needs Python 3.11, Node 20.19, npm and make, no more.
# What is installed and built is remembered by stamp files beside it, so a second call does only what has changed.

PORT ?= 8000
export PORT
EXAMPLES ?= 10000
FUZZ_EXAMPLES ?= 20
LARGE_NUMBERS = ORACLE_EXAMPLES=$(EXAMPLES) ORACLE_STEPS=50 FUZZ_EXAMPLES=$(FUZZ_EXAMPLES)
RANDOM_TESTS := tests/live/test_oracle.py tests/conformance/test_openapi.py

BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock
LOOSELY := $(BIN)/python -m pip install --quiet --disable-pip-version-check
MANAGE := $(BIN)/python example/backend/manage.py

# Where compiled files may not be left, each process compiles every module anew: a minute of processor time in a run of the tests.
unexport PYTHONDONTWRITEBYTECODE

# A process of pytest-xdist for each core, and one more. What shares a server stays in one of them (tests/conftest.py).
PYTEST_PARALLEL := $(BIN)/python -m pytest -n auto --dist loadgroup --no-loadscope-reorder --durations 10

PACKAGE_SOURCES := $(shell find packages/core packages/mui tsconfig*.json -name node_modules -prune -o -name dist -prune -o -type f -print 2>/dev/null)
EXPLORER_SOURCES := $(shell find packages/explorer -name node_modules -prune -o -type f -print 2>/dev/null)
PAGE_SOURCES := $(shell find example/frontend -name node_modules -prune -o -name dist -prune -o -type f -print 2>/dev/null)
MANIFESTS := package.json package-lock.json $(wildcard packages/*/package.json example/frontend/package.json)
LOST_BUILD := $(if $(and $(wildcard packages/core/dist/index.js),$(wildcard packages/mui/dist/index.js)),,again)

VENV := .venv/.stamp-venv
PYTHON_DEMO := .venv/.stamp-demo
PYTHON_TEST := .venv/.stamp-test
PYTHON_BENCH := .venv/.stamp-bench
PYTHON_DOCS := .venv/.stamp-docs
NODE := node_modules/.stamp
PACKAGES := node_modules/.stamp-packages
PAGE := example/frontend/dist/index.html
EXPLORER := src/channels_binding/explorer/dist/manifest.json

.PHONY: help demo explorer test coverage check clients soak matrix mutants bench build lock docs clean again

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

demo: $(PYTHON_DEMO) $(PAGE) $(EXPLORER)  ## sets up, and serves the help desk at 127.0.0.1:8000 (PORT=…, DATABASE_URL=…, REDIS_URL=…)
	@$(BIN)/python tools/demo.py

explorer: $(EXPLORER)  ## the page that the Python package serves at explorer/

test: $(PYTHON_TEST) $(PAGE) $(EXPLORER)  ## every test: TypeScript, Python, and the browser on the running example
	@$(BIN)/python tools/chromium.py > /dev/null
	@sh tools/timed.sh "TypeScript" npm test
ifdef PYTEST
	$(BIN)/python -m pytest $(PYTEST)
else
	@sh tools/timed.sh "PostgreSQL and Redis" $(BIN)/python -m tests.services run -- $(PYTEST_PARALLEL) -m backends tests
	$(PYTEST_PARALLEL)
endif

coverage: $(PYTHON_TEST) $(PAGE) $(EXPLORER)  ## every test once more, with the lines and branches that they run: at least 95 % in both languages
	@$(BIN)/python tools/chromium.py > /dev/null
	npm run coverage
	@$(BIN)/coverage erase
	$(BIN)/python -m tests.services run -- $(PYTEST_PARALLEL) --cov --cov-report= -m backends tests
	$(PYTEST_PARALLEL) --cov --cov-append --cov-report=
	$(BIN)/coverage report

check: $(PYTHON_TEST) $(PACKAGES)  ## lint, format, types and layers, of both languages
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	PYTHONPATH=example/backend $(BIN)/mypy --config-file example/backend/mypy.ini
	$(BIN)/lint-imports
	$(BIN)/codespell README.md CONTRIBUTING.md CHANGELOG.md SECURITY.md docs spec src packages example benchmarks
	$(MANAGE) bindings_types --check example/frontend/src/bindings.gen.ts
	npm run lint
	npm run types
	npm run size

clients: $(PYTHON_TEST)  ## published clients and generators on the help desk: react-admin, Refine, Redocly, Spectral, openapi-typescript …
	@$(BIN)/python -m tools.clients

soak: $(PYTHON_TEST)  ## EXAMPLES=10000 of the oracle and FUZZ_EXAMPLES=20 of Schemathesis on both databases, then MINUTES=10 of traffic and faults
	CHAOS_CLIENTS=100 CHAOS_SECONDS=60 $(BIN)/python -m pytest tests/browser/test_chaos.py
	RUNS=$(EXAMPLES) npx vitest run packages/core/tests/histories.test.ts
	$(LARGE_NUMBERS) $(BIN)/python -m pytest $(RANDOM_TESTS)
	$(BIN)/python -m tests.services run -- env $(LARGE_NUMBERS) $(BIN)/python -m pytest $(RANDOM_TESTS)
	$(BIN)/python -m tests.services run -- env LEAVERS=5000 $(PYTEST_PARALLEL) -m one_backend tests
	$(BIN)/python -m tests.services run -- env EVERY_TRANSPORT=1 $(PYTEST_PARALLEL) tests/conformance
	@$(BIN)/python -m tools.soak --minutes $(or $(MINUTES),10)

bench: $(PYTHON_BENCH)  ## the measurements in benchmarks/
	$(BIN)/python -m benchmarks.run $(BENCH)

matrix: $(PYTHON_TEST) $(PACKAGES) $(EXPLORER)  ## each Python that is here, Django 5.2 and the newest 6, the bare wheel; React 18 and 19, Material UI 7 and 9
	@$(BIN)/python -m tools.bare
	@$(BIN)/python -m tools.matrix
	npm run matrix

mutants: $(PYTHON_TEST)  ## mutation testing of what decides who sees what: is each change of it noticed? (half an hour)
	@$(LOOSELY) --group mutants
	@$(BIN)/python -m tools.mutants $(MUTANTS)

build: $(PYTHON_DEMO) $(PACKAGES) $(EXPLORER)  ## what is released, in artifacts/release: the wheel, the sdist and the npm packages (REPO_URL=https://… for the links of their texts, which are plain without)
	@$(LOOSELY) --group release
	rm -rf artifacts/release && mkdir -p artifacts/release
	$(BIN)/python -m build --outdir artifacts/release
	npm pack --workspace @channels-binding/core --workspace @channels-binding/mui --pack-destination artifacts/release
	$(BIN)/python -m tools.links artifacts/release/*.tgz

lock: $(VENV)  ## requirements.lock anew, with the newest versions that fit
	@$(LOOSELY) --group lock
	@head -2 requirements.lock > requirements.new
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-header --no-annotate --upgrade \
		--all-extras --group example --group test --group lint --group docs pyproject.toml >> requirements.new
	@mv requirements.new requirements.lock

docs: $(PYTHON_DOCS)  ## the documentation as a site, in artifacts/site; broken links fail (REPO_URL=https://… for links to sources)
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build
	@echo "artifacts/site/index.html can be opened as it is, or served by any web server."

clean:  ## removes what was built, the caches and the demo's database (ALL=1: .venv and node_modules as well)
	rm -rf packages/*/dist src/channels_binding/explorer/dist example/frontend/dist $(PACKAGES) artifacts build dist
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -f example/backend/helpdesk.sqlite3*
	find src tests tools example -name __pycache__ -type d -prune -exec rm -rf {} +
	$(if $(ALL),rm -rf .venv node_modules)

# --- Python ---

$(VENV):
	@python=$$(sh tools/need.sh python) && echo "Creating .venv with $$($$python --version) …" && $$python -m venv .venv
	@$(LOOSELY) --upgrade "pip>=25.1"
	@touch $@

$(PYTHON_DEMO): $(VENV) pyproject.toml requirements.lock
	@echo "Installing Python packages into .venv …"
	@$(INSTALL) --editable ".[redis,openapi,server]" --group example
	@touch $@

$(PYTHON_TEST): $(PYTHON_DEMO)
	@echo "Installing Python test tools into .venv …"
	@$(INSTALL) --editable ".[redis,openapi,server,mcp,conformance]" --group test --group lint --group docs
	@touch $@

$(PYTHON_DOCS): $(VENV) pyproject.toml requirements.lock
	@echo "Installing mkdocs into .venv …"
	@$(INSTALL) --group docs
	@touch $@

$(PYTHON_BENCH): $(PYTHON_TEST)
	@echo "Installing what the benchmarks compare with into .venv …"
	@$(LOOSELY) --group bench
	@touch $@

# --- Node ---

$(NODE): $(MANIFESTS)
	@sh tools/need.sh node > /dev/null
	@echo "Installing npm packages into node_modules …"
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(PACKAGES): $(NODE) $(PACKAGE_SOURCES) $(LOST_BUILD)
	npm run build
	@touch $@

$(PAGE): $(PACKAGES) $(PAGE_SOURCES)
	npm run build -w example/frontend
	@touch $@

$(EXPLORER): $(PACKAGES) $(EXPLORER_SOURCES)
	npm run build:explorer
	@touch $@
