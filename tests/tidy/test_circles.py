# SPDX-License-Identifier: MIT
"""No source files form a circle: by what their objects reference of one another, not by includes.

Two files that need each other can only be read, tested and moved together, and a header between
them hides it: each includes the header and defines half of it. So what counts is what the compiler
left in the objects of the program under test, its functions and its tables.
"""
import json
import shutil
import subprocess
import sys
from collections import deque
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from harness import CANDOR  # noqa: E402

# Of those the first that sees into the objects: some hold what the linker is to compile.
READERS = ("gcc-nm", "llvm-nm", "nm")


def objects_of(build):
    """The source below src/ of each object that the build folder is made of."""
    commands = json.loads((build / "compile_commands.json").read_text())
    found = {}
    for command in commands:
        folder = Path(command["directory"])
        source = (folder / command["file"]).resolve()
        if source.is_relative_to(ROOT / "src"):
            found[folder / command["output"]] = source.relative_to(ROOT / "src").as_posix()
    return found


def read_symbols(objects, reader):
    """What each source defines for others, and what it wants of them."""
    defines, wants = {}, {}
    done = subprocess.run([reader, "-A", "-P", *objects], capture_output=True, text=True,
                          check=False)
    for line in done.stdout.splitlines():
        name, _, rest = line.rpartition(": ")
        symbol, kind, *_ = rest.split()
        source = objects[Path(name)]
        if kind == "U":
            wants.setdefault(source, set()).add(symbol)
        elif kind.isupper():
            defines[symbol] = source
    return defines, wants


def references(objects):
    """Which symbols of which other sources each source references."""
    for reader in filter(shutil.which, READERS):
        defines, wants = read_symbols(objects, reader)
        if defines:
            break
    graph = {source: {} for source in objects.values()}
    for source, symbols in wants.items():
        for symbol in symbols & defines.keys():
            if defines[symbol] != source:
                graph[source].setdefault(defines[symbol], set()).add(symbol)
    return graph


def way_back(graph, start):
    """The shortest way from a source to itself; None where there is none."""
    came_from, waiting = {}, deque([start])
    while waiting:
        at = waiting.popleft()
        for to in sorted(graph[at]):
            if to == start:
                way = [start]
                while at != start:
                    way.insert(0, at)
                    at = came_from[at]
                return [start, *way]
            if to not in came_from:
                came_from[to] = at
                waiting.append(to)
    return None


def circles(graph):
    """A shortest circle through each source that is in one; of the same sources only one."""
    found = {}
    for source in sorted(graph):
        way = way_back(graph, source)
        if way:
            found.setdefault(frozenset(way), way)
    return sorted(found.values(), key=len)


def describe(graph, way):
    return "\n".join(f"    {a} wants of {b}: {', '.join(sorted(graph[a][b]))}"
                     for a, b in zip(way, way[1:]))


def test_no_files_form_a_circle():
    build = CANDOR.parent
    assert (build / "compile_commands.json").exists(), f"Meson has not built {CANDOR}"
    objects = objects_of(build)
    missing = [path.name for path in objects if not path.exists()]
    assert len(objects) > 100 and not missing, f"not built: {', '.join(missing)}"
    graph = references(objects)
    assert any("outcome_table" in wanted.get("registry/outcome.c", ())
               for wanted in graph.values()), "without its tables this would prove nothing"
    found = circles(graph)
    assert not found, f"{len(found)} circles:\n" + "\n".join(
        f"{way[0]} and back:\n{describe(graph, way)}" for way in found)


SOURCES = {
    "low.c": "int low(void);\nint low(void) { return 1; }\n",
    "tail.c": "extern int head(void);\nint (*const tail_table[])(void) = {head};\n",
    "middle.c": "extern int (*const tail_table[])(void);\nint middle(void);\n"
                "int middle(void) { return tail_table[0](); }\n",
    "head.c": "int low(void);\nint middle(void);\nint head(void);\n"
              "int head(void) { return low() + middle(); }\n",
    "top.c": "int head(void);\nint top(void);\nint top(void) { return head(); }\n",
}


def compile_all(folder, compiler, options):
    objects = {}
    for name, text in SOURCES.items():
        (folder / name).write_text(text)
        output = folder / f"{name}.o"
        subprocess.run([compiler, "-O2", "-fPIC", *options, "-c", folder / name, "-o", output],
                       check=True)
        objects[output] = name
    return objects


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("options", [[], ["-flto"]], ids=["plain", "for the linker to compile"])
def test_a_circle_through_a_table_is_found(compiler, options, tmp_path):
    if shutil.which(compiler) is None:
        pytest.skip(f"there is no {compiler}")
    graph = references(compile_all(tmp_path, compiler, options))
    assert circles(graph) == [["head.c", "middle.c", "tail.c", "head.c"]]
    assert graph["middle.c"] == {"tail.c": {"tail_table"}}
    del graph["tail.c"]["head.c"]
    assert circles(graph) == []


def test_circles_that_share_a_file_are_all_found():
    graph = {"a": {"b": {"f"}}, "b": {"a": {"g"}, "c": {"h"}}, "c": {"b": {"i"}},
             "d": {"a": {"f"}}}
    assert circles(graph) == [["a", "b", "a"], ["c", "b", "c"]]
