# Two commands do all: `make study` runs the study, `make test` checks everything. Both set up .venv first.
SHELL := /bin/bash
VENV := .venv
RUN := $(VENV)/bin/python
SEED ?= 1
DRAWS ?= 1000
OUT ?= results
ARGUMENTS ?=
PARALLEL := --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

export PYTHON

.PHONY: study test test-slow engines lint docs notebooks example bench simulation selection calibration common-method false-alarms hard-regimes waves-outcomes-weights equivalence equivalence-all planted-bugs findings coverage clean

study: $(VENV)/ready
	$(RUN) examples/medical_groups.py --draws $(DRAWS) --seed $(SEED) --out $(OUT) $(ARGUMENTS)

# One thread of linear algebra in each process: matrices are small, and more threads wait for each other. Graphs do not
# note which line of Python made each of their nodes, which is a tenth of the time of building them. What PyTensor would
# compile with C runs in Python, for it is run a few times and a compiler takes most of a second for each operation. The
# many processes that tests start read each other's compiled modules, also where the shell asks for none to be written.
test coverage: export OPENBLAS_NUM_THREADS := 1
test coverage: export PYTENSOR_FLAGS := traceback__limit=0,cxx=
test coverage: export PYTHONDONTWRITEBYTECODE :=

test: lint
	$(RUN) -m pytest $(PARALLEL)

test-slow: $(VENV)/ready
	$(RUN) -m pytest --runslow -m slow -s

engines: $(VENV)/ready
	@command -v java > /dev/null || { echo "Spark needs Java, such as Debian's default-jre-headless"; exit 1; }
	$(RUN) -m pip install --quiet --disable-pip-version-check pyspark==4.3.0
	$(RUN) -m pytest tests/data/test_engines.py tests/test_tables_in_engines.py tests/test_spark.py

# Types are checked where `models` stands as it is installed, in the package.
lint: $(VENV)/ready
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	@rm -rf build/types && mkdir -p build/types/bayes_lca
	@ln -s "$(CURDIR)"/bayes_lca/* "$(CURDIR)/models" build/types/bayes_lca
	$(VENV)/bin/ty check build/types/bayes_lca/* tests/benchmarks examples

# The site, in docs/_build/html: nothing in it needs a network. Notebooks are shown as they are kept.
docs: $(VENV)/ready
	$(RUN) -m pip install --quiet --disable-pip-version-check -r docs/requirements.txt
	$(RUN) -m sphinx -W --keep-going --quiet -b html docs docs/_build/html
	@echo "The site is in docs/_build/html/index.html"

notebooks: $(VENV)/ready
	$(VENV)/bin/jupyter nbconvert --to notebook --execute --inplace examples/*.ipynb

example: $(VENV)/ready
	$(RUN) examples/example_fits.py

bench: $(VENV)/ready
	$(RUN) tests/benchmarks/em_against_stepmix.py
	$(RUN) tests/benchmarks/profiles_against_gaussian_mixture.py
	$(RUN) tests/benchmarks/common_method_against_plain.py
	$(RUN) tests/benchmarks/time_of_fits.py
	$(RUN) tests/benchmarks/import_against_build_before.py
	$(RUN) tests/benchmarks/fits_against_build_before.py
	$(RUN) tests/benchmarks/gradient_against_c.py
	$(RUN) tests/benchmarks/survey_design.py

simulation: $(VENV)/ready
	$(RUN) examples/simulation_study.py --out $(OUT)/simulation_study $(ARGUMENTS)

selection: $(VENV)/ready
	$(RUN) examples/selection_study.py --out $(OUT)/selection_study $(ARGUMENTS)

calibration: $(VENV)/ready
	$(RUN) examples/calibration_study.py --out $(OUT)/calibration_study $(ARGUMENTS)

common-method: $(VENV)/ready
	$(RUN) examples/common_method_study.py --out $(OUT)/common_method_study $(ARGUMENTS)

false-alarms: $(VENV)/ready
	$(RUN) examples/false_alarms.py --out $(OUT)/false_alarms.jsonl $(ARGUMENTS)

hard-regimes: $(VENV)/ready
	$(RUN) examples/hard_regimes.py --out $(OUT)/hard_regimes $(ARGUMENTS)

waves-outcomes-weights: $(VENV)/ready
	$(RUN) examples/waves_outcomes_weights.py --out $(OUT)/waves_outcomes_weights $(ARGUMENTS)

equivalence: $(VENV)/ready
	$(RUN) tests/equivalence_table.py $(ARGUMENTS)

# REPOSITORIES is a folder of clones, see docs/equivalence.md; it goes on where it was stopped.
equivalence-all: $(VENV)/ready
	$(RUN) tests/equivalence_all.py --repositories $(REPOSITORIES) --results $(OUT)/equivalence $(ARGUMENTS)

planted-bugs: $(VENV)/ready
	$(RUN) tests/planted_bugs $(ARGUMENTS)

# Each in a folder of its own, into which it installs what it is about.
findings:
	@for script in findings/*.sh; do echo "$$script"; bash "$$script" || exit 1; done

coverage: $(VENV)/ready
	$(RUN) -m pytest $(PARALLEL) --cov --cov-report term-missing:skip-covered

# Python files are compiled on all cores, which pip does on one; tests of other packages are not run, so left as they are.
$(VENV)/ready: requirements.txt pyproject.toml $(wildcard bayes_lca/density/*.[ch])
	@python=$$(.ci/find-python) && echo "Setting up $(VENV) with $$python" && "$$python" -m venv --clear $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-compile -r requirements.txt
	$(RUN) -W ignore -m compileall -q -j 0 -x '/tests?/' $(VENV)/lib
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

clean:
	rm -rf $(VENV) results build docs/_build docs/_generated *.egg-info
