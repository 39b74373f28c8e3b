# A thin front over the CMake presets. `make help` lists the targets.
BUILD = build
PREFIX = /usr/local
PYTHON = /usr/bin/python3
PYTEST = $(PYTHON) -m pytest -q -p no:cacheprovider
FUZZ_SECONDS = 600
SUDO = $(shell [ "$$(id -u)" = 0 ] || echo sudo)
export BERG_BUILD = $(abspath $(BUILD))

# Debian packages: what builds, what is linked, what the tests need.
DEPS = gcc clang libclang-rt-dev cmake ninja-build make pkg-config \
       libhdf5-dev libjpeg-dev libspng-dev libcjson-dev libnifti-dev zlib1g-dev libcsv-dev libcairo2-dev fonts-dejavu-core liblapacke-dev libopenblas-dev \
       libcmocka-dev python3 python3-dev python3-numpy python3-pil python3-pytest python3-h5py python3-nibabel python3-venv locales

# What is left out under the sanitizers: comparisons of products with NumPy, minutes of work that the release build has been
# through, and what loads the library by ctypes. `make test-long` has the rest of what AddressSanitizer can see; TSan looks at the C
# tests alone.
NEVER_UNDER_asan = ^oracle_(encode|many_components|memory|closed_loop|network|outputs|precision|resize|fit|cuda)
NOT_SANITIZED_asan = $(NEVER_UNDER_asan)|^test_cuda_session|^oracle_(train|evaluate|reliability|simulate|zip64|stimuli|report|failing_memory)|^python
NOT_SANITIZED_tsan = ^oracle_|^test_cuda_session

# Two halves of about the same length, each a process: what is computed, and all else.
COMPUTED = cuda closed_loop encode evaluate failing_memory fit many_components memory network outputs precision prepare reliability resize simulate train
COMPUTED_TESTS = $(COMPUTED:%=tests/oracle/test_%.py)
OTHER_TESTS = $(filter-out $(COMPUTED_TESTS),$(wildcard tests/oracle/test_*.py)) tests/cli tests/python

.PHONY: all help deps install uninstall demo test test-long torture test-release test-asan test-tsan test-browser cuda cuda-check bench peers fuzz lint conformance clean

all: $(BUILD)/build.ninja
	cmake --build $(BUILD)

help:
	@echo "all          build everything into $(BUILD)/; the program is $(BUILD)/berg"
	@echo "deps         install the Debian packages that are missing"
	@echo "install      install under PREFIX ($(PREFIX)); uninstall removes it again"
	@echo "demo         simulated data, a model trained on them, its accuracy, a few images, a report"
	@echo "test         unit, oracle, command-line and Python tests, then the C tests and the program under the sanitizers"
	@echo "test-long    all that AddressSanitizer can see, training killed at random moments: a quarter of an hour"
	@echo "torture      every command with each of its allocations failing, TORTURE_STEP=K every K-th (COMMANDS= some of them): hours"
	@echo "test-browser the page of berg report in Chromium, which it installs"
	@echo "cuda         the plug-in for CUDA devices, libberg_cuda.so, beside the program; needs nvcc"
	@echo "cuda-check   that it compiles and links, and its tests on the host; on a device: scripts/cuda_check.sh"
	@echo "bench        speeds of this machine and of encoding on it"
	@echo "peers        encoding beside torch, ONNX Runtime and OpenVINO, which it installs into a virtual environment: a quarter of an hour"
	@echo "fuzz         every fuzz target for FUZZ_SECONDS ($(FUZZ_SECONDS)) seconds"
	@echo "lint         rooms, format, man page, static analysis"
	@echo "conformance  against torch, torchvision, scikit-learn and Pillow, which it installs into a virtual environment"
	@echo "clean        remove what was built"

$(BUILD)/build.ninja:
	cmake --preset release -B $(BUILD)

# Asks the package system only for what is missing, so that it needs no network when all is there.
deps:
	@missing=; for package in $(DEPS); do \
	  dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; \
	done; \
	if [ -n "$$missing" ]; then \
	  echo "deps: installing$$missing"; \
	  $(SUDO) apt-get update -q && DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -q -y --no-install-recommends $$missing; \
	else echo "deps: all there"; fi

install: all
	cmake -B $(BUILD) "-DCMAKE_INSTALL_PREFIX=$(abspath $(PREFIX))"
	cmake --install $(BUILD)

uninstall:
	@[ -f $(BUILD)/install_manifest.txt ] || { echo "$(BUILD)/install_manifest.txt: not installed from here"; exit 1; }
	xargs -d '\n' rm -f < $(BUILD)/install_manifest.txt

demo: deps
	@$(MAKE) --no-print-directory all
	@scripts/demo.sh

test: deps
	@$(MAKE) --no-print-directory test-release
	@$(MAKE) --no-print-directory test-asan
	@$(MAKE) --no-print-directory test-tsan
	@echo "test: everything passed"

test-release: all
	@echo "test: unit tests"
	ctest --test-dir $(BUILD) --output-on-failure -j 2 -E '^oracle_'
	@echo "test: files, command line and Python, beside them what is computed"
	@$(PYTEST) $(COMPUTED_TESTS) > $(BUILD)/test-computed.log 2>&1 & computed=$$!; trap 'kill $$computed' INT TERM; \
	$(PYTEST) $(OTHER_TESTS); others=$$?; wait $$computed; status=$$?; \
	echo "test: what is computed"; cat $(BUILD)/test-computed.log; [ $$others = 0 ] && [ $$status = 0 ]

# The sanitizer would have forked children of threaded processes start no threads; the encodes run two threads through everything.
test-tsan: export TSAN_OPTIONS = die_after_fork=0
test-asan: export LSAN_OPTIONS = suppressions="$(CURDIR)/tests/leaks.txt":print_suppressions=0
test-asan test-tsan: test-%:
	@echo "test: unit tests and bad input under the preset $*"
	cmake --preset $*
	cmake --build --preset $*
	ctest --test-dir build-$* --output-on-failure -j 2 -E '$(NOT_SANITIZED_$*)'
	BERG_BUILD="$(CURDIR)/build-$*" $(PYTEST) \
	  tests/cli/test_cli_usage.py tests/cli/test_cli_files.py \
	  'tests/cli/test_cli_encode.py::test_several_subjects' 'tests/cli/test_cli_encode.py::test_a_picture_that_is_none' \
	  'tests/cli/test_cli_encode.py::test_sources_whose_batches_overlap[options1]'

test-long: deps
	@$(MAKE) --no-print-directory all
	@$(MAKE) --no-print-directory test-asan 'NOT_SANITIZED_asan=$(NEVER_UNDER_asan)'
	scripts/kill_train.sh 20 24 12 20000

# Two at a time; each of some 60,000 runs is a process.
torture: deps
	@$(MAKE) --no-print-directory all
	$(PYTHON) tests/torture/torture.py --jobs 2 $(COMMANDS)

# BERG_SCREENSHOTS=DIR keeps what the page looked like.
test-browser: DEPS += chromium python3-html5lib libxml2-utils
test-browser: deps
	@$(MAKE) --no-print-directory all
	$(PYTEST) tests/browser

cuda:
	@command -v nvcc >/dev/null || { echo "cuda: nvcc is not on PATH: the CUDA toolkit (12.8 or later) builds the plug-in"; exit 1; }
	cmake --preset release -B $(BUILD) -DBERG_CUDA=ON
	cmake --build $(BUILD)

# In a build folder of its own: a plug-in beside the program would change what `auto` means for all other tests.
cuda-check: deps
	@if command -v nvcc >/dev/null; then \
	  cmake --preset release -B build-cuda -DBERG_CUDA=ON -DBERG_PYTHON=OFF && cmake --build build-cuda && \
	  ctest --test-dir build-cuda --output-on-failure -R '^test_cuda'; \
	else \
	  echo "cuda-check: nvcc is not on PATH: the plug-in itself is passed over, its host build is tested"; \
	  $(MAKE) --no-print-directory all && ctest --test-dir $(BUILD) --output-on-failure -R '^test_cuda'; \
	fi

bench: all
	$(BUILD)/berg bench $(BENCH)

# torch compiles the network with g++ on its first call.
peers: DEPS += g++
peers: deps
	@$(MAKE) --no-print-directory all
	scripts/peers.sh $(PEERS)

fuzz:
	cmake --preset fuzz
	cmake --build --preset fuzz
	scripts/fuzz.sh build-fuzz $(FUZZ_SECONDS)

lint: all
	scripts/lint.sh $(BUILD)

conformance: all
	scripts/conformance.sh

clean:
	rm -rf $(BUILD) build-asan build-tsan build-fuzz build-coverage build-cuda
