# Sentiment Studio: `make run` and `make test` do all the set-up that they need. `make help` lists the rest.

PORT ?= 8501
HOST ?= 127.0.0.1
WORKERS ?= 2
VENV := .venv
PYTHON := $(VENV)/bin/python
POSTGRESQL := $(shell command -v initdb || ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null)
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)

# GPU=1 or TPU=1 chooses what JAX is installed for; plain CPU otherwise.
REQUIREMENTS := $(if $(GPU),requirements-gpu.txt,$(if $(TPU),requirements-tpu.txt,requirements.txt))
STAMP := $(VENV)/.installed-$(basename $(REQUIREMENTS))
DEV_STAMP := $(VENV)/.installed-requirements-dev
BUILD_STAMP := $(VENV)/.installed-requirements-build
PIP_INSTALL = $(PYTHON) -m pip install -qq --disable-pip-version-check

# What a user has set for other projects must not reach into this one's environment.
unexport PYTHONHOME PYTHONPATH VIRTUAL_ENV PIP_TARGET PIP_PREFIX PIP_ROOT PIP_REQUIRE_VIRTUALENV PIP_NO_DEPS
export PIP_USER := 0
export CHROMIUM

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run demo test fast browser chromium check format postgresql screenshots pretrain-setup clean

help:  ## list what make can do
	@grep -hE '^[a-z%-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18
	@echo "Benchmarks:       $(sort $(patsubst benchmarks/%.py,bench-%,$(filter-out %/__init__.py %/screenshots.py,$(wildcard benchmarks/*.py))))"

setup: $(STAMP)  ## make the environment in .venv (GPU=1 or TPU=1 for those)

$(PYTHON):
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; this is $$(python3 --version 2>&1)." >&2; exit 1; }
	@echo "Making the environment in $(VENV) (once, a few minutes) ..."
	@python3 -m venv --clear $(VENV)

# The environment's own python is a link: order-only, so that its date never matters.
$(VENV)/.installed-%: %.txt requirements.txt | $(PYTHON)
	@echo "Installing $< ..."
	@$(PIP_INSTALL) -r $<
	@touch $@

run: $(STAMP)  ## start the dashboard (PORT=9000 and HOST=0.0.0.0 change where)
	@$(PYTHON) -m sentiment.roles
	@echo "Sentiment Studio starts at http://localhost:$(PORT) (Ctrl+C stops it)"
	@exec $(PYTHON) -m streamlit run app.py --server.port $(PORT) --server.address $(HOST) \
		--server.headless true --browser.serverAddress "$${STREAMLIT_BROWSER_SERVER_ADDRESS:-localhost}"

demo: $(STAMP)  ## start it read-only, for anybody to look around in; an empty workspace gets a sample and a run first
	@SENTIMENT_MODE= $(PYTHON) -m sentiment.demo
	@SENTIMENT_MODE=demo $(PYTHON) -m sentiment.roles
	@echo "The demo starts at http://localhost:$(PORT) (Ctrl+C stops it)"
	@SENTIMENT_MODE=demo exec $(PYTHON) -m streamlit run app.py --server.port $(PORT) --server.address $(HOST) \
		--server.headless true --browser.serverAddress "$${STREAMLIT_BROWSER_SERVER_ADDRESS:-localhost}" --server.maxUploadSize 1

test: $(STAMP) $(DEV_STAMP) chromium postgresql  ## run every test, those in a real browser too
	$(PYTHON) -m pytest -n $(WORKERS) -m "not browser"
	$(PYTHON) -m pytest -m browser

fast: $(STAMP) $(DEV_STAMP)  ## run the tests that take no minutes
	$(PYTHON) -m pytest -n $(WORKERS) -m "not slow and not browser"

browser: $(STAMP) $(DEV_STAMP) chromium  ## run the tests in a real browser
	$(PYTHON) -m pytest -m browser

postgresql:
ifeq ($(POSTGRESQL),)
	@./tests/labels/install_postgresql.sh
endif

chromium:
ifeq ($(CHROMIUM),)
	@./tests/browser/install_chromium.sh
endif

check: $(STAMP) $(DEV_STAMP)  ## check format, lint and types
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy

format: $(STAMP) $(DEV_STAMP)  ## format the code and repair what lint can
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .

screenshots: $(STAMP) $(DEV_STAMP) chromium  ## make docs/images again from the running app
	$(PYTHON) -m tests.browser.screenshots

pretrain-setup: $(BUILD_STAMP)  ## install what making a base model needs

bench-%: $(STAMP) $(DEV_STAMP)  ## run a benchmark (ARGS="…" hands it arguments)
	$(PYTHON) -m benchmarks.$* $(ARGS)

clean:  ## remove the environment and caches; the workspace stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis test-output
