# Long jobs with a short name; everything else is in CONTRIBUTING.md.
PYTHON ?= .venv/bin/python

.PHONY: soak
soak: ## an hour of random guests in one process, which must not grow
	$(PYTHON) benchmarks/soak.py --minutes 60
