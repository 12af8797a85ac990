# Every target makes the environment first if it is missing. Nothing here needs root rights.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)
PACKAGES := analysis custody labels sampling synthetic_data

.PHONY: help env check test test-fast demo bench bench-peers coverage inclusion linkage fuzz torture tamper simulate golden messages notebooks clean

help:
	@echo "make demo      the whole survey on an invented ward, files in demo/"
	@echo "make test      all tests, notebooks included"
	@echo "make check     ruff (format, lint) and mypy strict"
	@echo "make bench     seconds, rows a second and peak memory of each step at 700,000 residents"
	@echo "make linkage   whose each certification row is, on a dirty ward of 700,000: missed and false matches, staff list"
	@echo "make fuzz      200,000 mutated input files: a balanced register or a clear refusal, nothing else"
	@echo "make torture   10,000 kills, sixteen writers, power cuts and full disks: nothing acknowledged is lost"
	@echo "make tamper    100,000 changed packages and 100,000 changed ledgers: none opens, all are found"
	@echo "make simulate  coverage of intervals over 2,000 redraws, and the bias of nonresponse"
	@echo "make golden    golden numbers again (needs R with the packages survey and sampling)"
	@echo "make bench-peers selection methods and estimates beside R, svy, samplics and DuckDB, in one run"
	@echo "make coverage  coverage of 95 % intervals, 4,000 samples by each of six designs"
	@echo "make notebooks run the notebooks again and keep their outputs"
	@echo "make messages  compile the message catalogues (ja)"

env: $(VENV)/ready

$(VENV)/ready: pyproject.toml constraints.txt
ifdef UV
	$(UV) venv --quiet --seed --allow-existing --python $(PYTHON) $(VENV)
	$(UV) pip install --quiet --python $(BIN)/python -c constraints.txt -e '.[dev]'
else
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
endif
	@touch $@

check: env
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

test: env
	$(BIN)/python -m pytest tests notebooks --nbval-lax --nbval-sanitize-with notebooks/sanitise.cfg

test-fast: env
	$(BIN)/python -m pytest tests

demo: env
	$(BIN)/hyohon demo

bench: env
	$(BIN)/python benchmarks/bench.py
	$(BIN)/python benchmarks/bench_analysis.py

linkage: env
	$(BIN)/python benchmarks/linkage.py

fuzz: env
	$(BIN)/python benchmarks/fuzz_registers.py --cases 200000

torture: env
	$(BIN)/python benchmarks/torture.py

golden: env
	$(BIN)/python tests/golden/analysis_basic_input.py
	for script in tests/golden/survey_data/make_own.py tests/golden/survey_data/two_phase.py; do $(BIN)/python $$script || exit 1; done
	for script in analysis_basic sampling_methods survey_designs_numbers survey_moments survey_proportions survey_quantiles survey_tables survey_tests survey_two_phase; do \
		Rscript tests/golden/$$script.R || exit 1; done

bench-peers: env
	$(BIN)/python benchmarks/peers_methods.py
	$(BIN)/python benchmarks/peers_survey.py

coverage: env
	$(BIN)/python benchmarks/coverage.py

inclusion: env
	$(BIN)/python benchmarks/inclusion.py

tamper: env
	$(BIN)/python benchmarks/tamper.py
	$(BIN)/python benchmarks/tamper_ledger.py

simulate: env
	$(BIN)/python benchmarks/simulate.py

messages: env
	$(BIN)/python -m custody.catalogue $(PACKAGES)

notebooks: env
	$(BIN)/python notebooks/run.py

clean:
	rm -rf $(VENV) demo build dist *.egg-info
