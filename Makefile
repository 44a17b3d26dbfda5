# SPDX-License-Identifier: MIT
# The front door. Meson and Ninja do the work; this file only names what people want.

PYTHON ?= /usr/bin/python3
LISTEN ?= 127.0.0.1:8080
DIR ?= examples/site
PREFIX ?= /usr/local
DESTDIR ?=
TIME ?= 60
TARGET ?=
BENCH ?=

RELEASE = buildtype=release b_lto=true

.PHONY: help build run test bench fuzz docs install clean
.DEFAULT_GOAL := help

help:
	@echo 'make run       build Candor and serve $(DIR) on http://$(LISTEN)/'
	@echo '               (DIR=folder LISTEN=address:port); read only: build/candor serve --write'
	@echo '               DIR lets clients change it'
	@echo 'make test      run every test; the last line says how many passed'
	@echo 'make build     leave an optimised program at build/candor'
	@echo 'make bench     measure Candor beside nginx, lighttpd, h2o, HAProxy'
	@echo '               (BENCH="--rounds 5 --only candor,floor"; see bench/README.md)'
	@echo 'make fuzz      feed the parsers with surprises (TARGET=name TIME=seconds)'
	@echo 'make docs      make the pages and the picture of docs/ that come from tables'
	@echo 'make install   install the program and the library (PREFIX=/usr/local DESTDIR=)'
	@echo 'make clean     remove everything that was built'

build:
	@tools/setup build
	@tools/build build $(RELEASE)

run: build
	@exec build/candor serve --listen '$(LISTEN)' '$(DIR)'

test:
	@tools/setup build test
	@$(PYTHON) tools/test

bench: build
	@tools/setup bench
	@$(PYTHON) bench/bench.py $(BENCH)

fuzz:
	@tools/setup build test
	@$(PYTHON) tools/fuzz --seconds '$(TIME)' $(TARGET)

docs: build
	@tools/setup docs
	@for page in outcomes questions statuses limits fields configuration; do \
	    build/candor docs $$page >docs/$$page.md || exit 1; done
	@build/candor graph >docs/graph.dot
	@dot -Tsvg docs/graph.dot >docs/graph.svg
	@dot -Tsvg docs/floors.dot >docs/floors.svg
	@mkdir -p docs/graph
	@for section in $$(sed -n 's/^SECTION(\([a-z]*\),.*/\1/p' src/graph/page.def); do \
	    build/candor graph "$$section" >"docs/graph/$$section.dot" && \
	    dot -Tsvg "docs/graph/$$section.dot" >"docs/graph/$$section.svg" || exit 1; done

install:
	@tools/setup build
	@tools/build build $(RELEASE) prefix='$(PREFIX)'
	@DESTDIR='$(DESTDIR)' meson install -C build --no-rebuild
	@if [ -z '$(DESTDIR)' ] && [ "$$(id -u)" -eq 0 ]; then ldconfig; fi

clean:
	@rm -rf build build-test build-tsan build-fuzz
