# `make demo` and `make test` are all a fresh machine needs: Python 3.11+, make and a package registry.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: install demo test test-all check format flow-demo corpus clean

install: $(STAMP)

# torch first and pinned: a bare `torch` would bring gigabytes of CUDA libraries. pip 23 fails on lxml's extra, which
# two packages name in two spellings.
$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check pip==25.3
	$(BIN)/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	touch $(STAMP)

demo: install
	$(BIN)/python -m examples.demo

# Four workers at once: each takes one thread.
test test-all: export OMP_NUM_THREADS := 1

test: check
	$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder -m "not slow"

test-all: check
	$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

flow-demo: install
	$(BIN)/python -m examples.flow_demo

corpus: install
	$(BIN)/python -m examples.make_corpus

clean:
	rm -rf $(VENV) quarry-store
