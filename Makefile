# `make run` hears words, `make test` checks everything.  Each sets up all that it needs.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
RECORDING := examples/recording/commands.flac
SYSTEM_PACKAGES := libportaudio2
TEST_PACKAGES := libportaudio2 pulseaudio pulseaudio-utils libasound2-plugins jq systemd

.PHONY: run extras test lint types check test-pythons fuzz format release-check clean

# Exit codes 5 and 6: no microphone can be opened, or PortAudio is missing; that has been said.
run: $(VENV)/.run system-packages
	@$(BIN)/kws listen || case $$? in \
		5|6) echo "playing $(RECORDING) to the daemon instead, in real time"; \
			$(BIN)/kws listen --source $(RECORDING);; \
		*) exit 1;; \
	esac

# `make extras EXTRAS=train,plot` adds optional packages; the clone stays what is run.
EXTRAS ?= plot
extras: $(VENV)/bin/python constraints.txt
	$(if $(findstring train,$(EXTRAS)),$(BIN)/python -m pip install --quiet -c constraints.txt torch)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[$(EXTRAS)]'
	touch $(VENV)/.run

test: $(VENV)/.test test-packages lint types check

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test
	$(BIN)/mypy
	cd benchmarks/listeners && ../../$(BIN)/mypy --config-file ../../pyproject.toml *.py

check: $(VENV)/.test test-packages
	$(BIN)/python -m coverage erase
	$(BIN)/python -m coverage run -m pytest
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report

# The same with the other Pythons that kws promises to run on, as far as they can be had here.
test-pythons:
	@sh scripts/test_on_pythons.sh

# For as long as one likes: every parser gets 5,000 damaged inputs (docs/fuzzing.md).
fuzz: $(VENV)/.test
	$(BIN)/python -m pytest tests/fuzz --hypothesis-profile=long

format: $(VENV)/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Builds sdist and wheel into dist/, and replays the recording from an empty environment.
release-check:
	@$(PYTHON) -m scripts.check_release

clean:
	rm -rf $(VENV) .venv-* .coverage .coverage.* build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

# --- set-up -----------------------------------------------------------------------------------

$(VENV)/bin/python:
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || sh scripts/install_packages.sh python3-venv
	@$(PYTHON) -m scripts.check_python
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/.run: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet -e .
	touch $@

# torch on its own first: pip then takes the build that the constraint names, not the newest.
$(VENV)/.test: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet -c constraints.txt torch
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[train,pretrain,plot,dev]'
	touch $@ $(VENV)/.run

.PHONY: system-packages test-packages
system-packages:
	@sh scripts/install_packages.sh $(SYSTEM_PACKAGES)

test-packages:
	@sh scripts/install_packages.sh $(TEST_PACKAGES)
