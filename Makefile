# Every command of the house. `make` alone lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
SETUP := $(PYTHON) -m portal.setup
BIN := .venv/bin
# What more pytest is to know: make test ARGS="tests/certificates -k renewal"
ARGS ?=
# How many processes share the tests: make test PROCESSES=0 runs them in one, which is what a debugger wants.
PROCESSES ?= auto
# Whole files, in the order of their folders: so the journeys, the longest ones, do not come last.
PYTEST := $(BIN)/python -m pytest --numprocesses=$(PROCESSES) --dist=loadfile --no-loadscope-reorder
EMBEDDED := env -u DATABASE_URL -u REDIS_URL

.PHONY: help run test test-services bench bench-services lint types house format messages lock check clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## Run the portal with its demo; PORT and HOST choose where
	@$(SETUP) run

test: ## Run the whole suite on the embedded defaults, browser included
	@$(SETUP) tests
	@$(EMBEDDED) $(PYTEST) --on=embedded $(ARGS)

test-services: ## Run the same suite on a private PostgreSQL and Redis
	@$(SETUP) services
	@$(BIN)/python -m portal.setup.services $(PYTEST) --on=services $(ARGS)

# How many orders the figures are taken over.
ROWS ?= 100000

bench: ## Print figures beside their limits, on SQLite; ROWS chooses over how many orders
	@$(SETUP) tests
	@$(EMBEDDED) $(BIN)/python -m tests.bench.expiring_page --rows $(ROWS)
	@$(EMBEDDED) $(BIN)/python tests/bench/import_orders.py $(ROWS)
	@$(EMBEDDED) $(BIN)/python -m tests.bench.planning --rows $(ROWS)
	@$(EMBEDDED) $(BIN)/python -m tests.bench.letters
	@$(EMBEDDED) $(BIN)/python -m tests.bench.quote_pdf

bench-services: ## Print the same figures on a private PostgreSQL and Redis
	@$(SETUP) services
	@$(BIN)/python -m portal.setup.services $(BIN)/python -m tests.bench.expiring_page --rows $(ROWS)
	@$(BIN)/python -m portal.setup.services $(BIN)/python tests/bench/import_orders.py $(ROWS)
	@$(BIN)/python -m portal.setup.services $(BIN)/python -m tests.bench.planning --rows $(ROWS)
	@$(BIN)/python -m portal.setup.services $(BIN)/python -m tests.bench.letters

lint: ## Look for mistakes in Python and templates
	@$(SETUP) development
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	git ls-files '*.py' ':!*/migrations/*' | xargs $(BIN)/django-upgrade --check --target-version 5.2
	$(BIN)/djlint templates --lint --quiet

types: ## Check every annotation
	@$(SETUP) development
	$(BIN)/mypy

house: ## Check what must stay true: directions, purity, translations, migrations, settings of a real portal
	@$(SETUP) tests
	$(EMBEDDED) PORTAL_DATA_DIR=var/house $(BIN)/python manage.py makemigrations --check --dry-run
	$(EMBEDDED) PORTAL_DATA_DIR=var/house $(DEPLOYED) $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(EMBEDDED) $(BIN)/python -m pytest -m house --on=embedded

# As behind a public address; the keys are made by the settings themselves.
DEPLOYED := DEBUG=0 PORTAL_DEMO=0 PORTAL_HTTPS=1 ALLOWED_HOSTS=portal.example.com \
	PORTAL_PUBLIC_URL=https://portal.example.com EMAIL_URL=smtp+tls://smtp.example.com:587

format: ## Put Python into its form
	@$(SETUP) development
	$(BIN)/ruff check --fix --exit-zero --quiet
	$(BIN)/ruff format

messages: ## Collect the sentences to translate, and compile the translations
	@$(SETUP) tests
	$(BIN)/python manage.py makemessages --locale fr --no-obsolete --no-location --ignore var --ignore node_modules --ignore tests
	$(BIN)/python -m portal.setup.messages

lock: ## Name every package by its hash again, after a change of pyproject.toml or package.json
	@$(SETUP) development
	$(COMPILE) --output-file requirements.txt
	$(COMPILE) --group dev --constraint requirements.txt --output-file requirements-dev.txt
	$(COMPILE_GROUP) --group node --output-file requirements-node.txt
	npm install --package-lock-only

# No addresses, so that any index may serve the packages; no header, so that only packages make a difference.
COMPILE_GROUP := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header
COMPILE := $(COMPILE_GROUP) pyproject.toml

check: ## All that has to be green before a change is shared
	@bash .ci/run

clean: ## Remove what was made, but no data: the environment, front-end files and caches
	rm -rf .venv node_modules var/static var/static-src var/fonts .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
