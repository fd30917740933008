# Two commands on a fresh machine with Python 3.11 or later: `make demo` and `make test`.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
INSTALLED := .venv/.installed
ENGINE := engine/CMakeLists.txt $(wildcard engine/bindings/* engine/include/*/* engine/source/*/*)

# Material for MkDocs greets every build with an announcement about its own future.
export NO_MKDOCS_2_WARNING := 1

.PHONY: demo test engine-test check docs format plugins clean

demo: $(INSTALLED)
	$(BIN)/wetprint demo

# One thread for each of the two workers: four on two cores wait for each other longer than they work.
test: $(INSTALLED) plugins engine-test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

# The engine alone, under the address and undefined-behaviour sanitizers; and, where clang is there,
# whether it compiles too. Checks slow a program down: little is optimised, so that they fit in a minute.
CONFIGURE := $(BIN)/cmake -S engine -G Ninja -DCMAKE_MAKE_PROGRAM=$(CURDIR)/$(BIN)/ninja -DWETPRINT_WARNINGS_AS_ERRORS=ON
engine-test: $(INSTALLED)
	$(CONFIGURE) -B build/sanitized -DWETPRINT_SANITIZE=ON -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O0 >/dev/null
	$(BIN)/cmake --build build/sanitized -j 2
	$(BIN)/ctest --test-dir build/sanitized --output-on-failure -j 2
	if command -v clang++ >/dev/null; then \
	  $(CONFIGURE) -B build/clang -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_BUILD_TYPE=Debug >/dev/null && \
	  $(BIN)/cmake --build build/clang -j 2; \
	fi

check: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright
	$(BIN)/mkdocs build --strict --quiet

docs: $(INSTALLED)
	$(BIN)/mkdocs build --strict

format: $(INSTALLED)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# The Debian packages of the plugins that the tests host; where they cannot be installed, the
# tests that need them say so (and fail when CI is set).
plugins:
	@sh tests/install-plugins.sh

# tinysoundfont is installed without what it asks for: that is pyaudio, used for live sound only,
# which would have to be compiled against PortAudio.
$(INSTALLED): pyproject.toml constraints.txt $(ENGINE)
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade -c constraints.txt pip setuptools
	$(BIN)/python -m pip install --quiet -c constraints.txt torch
	$(BIN)/python -m pip install --quiet -c constraints.txt --no-deps tinysoundfont
	$(BIN)/python -m pip install --quiet -c constraints.txt scikit-build-core nanobind cmake ninja
	$(BIN)/python -m pip install --quiet -c constraints.txt --no-build-isolation --editable '.[vst2,dev]'
	touch $@

clean:
	rm -rf .venv build site wetprint-demo .pytest_cache .ruff_cache .hypothesis
