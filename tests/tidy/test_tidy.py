# SPDX-License-Identifier: MIT
"""The house rules, checked on every source file.

Each rule is a function that takes text and yields complaints, so that a rule can be tried on a
bad example as well as on the tree: a rule that cannot fail proves nothing. The examples stand
beside the rules, and test_rule_finds_its_bad_example() feeds them.
"""
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src"

MAX_FUNCTION = 70
MAX_FILE = 600
MAX_COLUMNS = 100
MAX_TABLE_COLUMNS = 200

CODE = (".c", ".h", ".def", ".py")
SPDX = "SPDX-License-Identifier: MIT"


def files(*suffixes, under=("src", "include", "tests", "bench", "examples")):
    """Sources below these folders; a name without a suffix, such as meson.build, counts whole."""
    return sorted(path for folder in under for path in (ROOT / folder).rglob("*")
                  if path.is_file() and (path.suffix in suffixes or path.name in suffixes)
                  and "__pycache__" not in path.parts)


def relative(path):
    return path.relative_to(ROOT).as_posix()


def complaints_in(paths, rule):
    return [f"{relative(path)}:{complaint}" for path in paths
            for complaint in rule(relative(path), path.read_text(encoding="utf-8"))]


# ---- Layers

def read_layers(text):
    """The floors, lowest first, and the lower floors that some of them may not use."""
    order, barred = [], {}
    for line in text.splitlines():
        line = line.split("#", 1)[0].split()
        if line:
            order.append(line[0])
            barred[line[0]] = {word[1:] for word in line[1:] if word.startswith("!")}
    return order, barred


LAYERS = read_layers((SRC / "LAYERS").read_text())


def floor_of(path):
    """The floor that a path below src/ is on: its longest folder that LAYERS names."""
    folder = path.rpartition("/")[0]
    while folder and folder not in LAYERS[0]:
        folder = folder.rpartition("/")[0]
    return folder or None


def rule_layers(name, text):
    order, barred = LAYERS
    mine = floor_of(name.removeprefix("src/"))
    if mine is None:
        yield "1: its folder is not a floor of src/LAYERS"
        return
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
        if not match:
            continue
        included = match.group(1)
        if included.startswith("candor/"):  # the installed header, above no floor but the table's
            continue
        other = floor_of(included)
        if other is None:
            yield f'{number}: "{included}" is not written as floor/name.h'
        elif order.index(other) > order.index(mine):
            yield f"{number}: {mine} is below {other} and may not include {included}"
        elif other in barred[mine]:
            yield f"{number}: {mine} may not use {other} ({included})"


# ---- Size and shape

def rule_function_length(name, text):
    start = None
    for number, line in enumerate(text.splitlines(), 1):
        if line.rstrip() == "{":
            start = number
        elif line.startswith("}") and start is not None:
            length = number - start - 1
            if length > MAX_FUNCTION:
                yield f"{start}: a function of {length} lines; at most {MAX_FUNCTION}"
            start = None


def rule_file_length(name, text):
    length = text.count("\n")
    if length > MAX_FILE and not name.endswith(".def"):
        yield f"{length}: a file of {length} lines; at most {MAX_FILE}"


def rule_line_length(name, text):
    most = MAX_TABLE_COLUMNS if name.endswith(".def") else MAX_COLUMNS
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > most:
            yield f"{number}: {len(line)} columns; at most {most}"


def rule_blanks(name, text):
    for number, line in enumerate(text.split("\n"), 1):
        if "\t" in line:
            yield f"{number}: a tab"
        if line != line.rstrip():
            yield f"{number}: blanks at the end of the line"
    if text and (not text.endswith("\n") or text.endswith("\n\n")):
        yield f"{text.count(chr(10))}: a file ends with exactly one line end"


def rule_spdx(name, text):
    # Only the comment counts: this file, for one, names the mark elsewhere.
    marks = [number for number, line in enumerate(text.splitlines(), 1)
             if re.match(r"(//|#|\.\\\"|/\*) ?" + re.escape(SPDX), line)]
    if len(marks) != 1 or marks[0] > 2:
        yield f"1: exactly one line with {SPDX}, at the top"


def rule_no_promises(name, text):
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b", line):
            yield f"{number}: a note to oneself; do it, or leave it out"


def rule_header_guard(name, text):
    path = re.sub(r"^(src|include)/", "", name).removesuffix(".h")
    path = re.sub(r"^tests/unit/", "tests/", path).removeprefix("candor/")
    guard = "CANDOR_" + re.sub(r"\W", "_", path).upper() + "_H"
    if f"\n#ifndef {guard}\n#define {guard}\n" not in text or not text.endswith("#endif\n"):
        yield f"1: the header guard is {guard}"


# ---- What the tables own

def rule_status_literal(name, text):
    """Only the registry gives statuses to responses; 100 and 104 are interim, and no outcomes."""
    pattern = re.compile(r"""(?x) \bstatus\w* \s* = \s* (?!10[04]\b)[1-5]\d\d\b    # status = 404
                           | \bstatus_line \s* \( \s* (?!10[04]\b)[1-5]\d\d\b    # status_line(404)
                           | "HTTP/1\.[01]\ (?!10[04]\b)[1-5]\d\d\b              # "HTTP/1.1 404
                           | \bmultistatus_\w* \s* \( .* \b[1-5]\d\d\b      # a row's
                           | \? \s* [45]\d\d \s* : \s* [1-5]\d\d \b           # ? 403 : 500
                           | \{ [1-5]\d\d, \s* DAV_                          # a table of rows
                           | \bset_status \w* \s* \( .* \b[1-5]\d\d\b""")
    for number, line in enumerate(text.splitlines(), 1):
        if pattern.search(line.split("//", 1)[0]):
            yield f"{number}: a status is named outside the registry: {line.strip()}"


# Where a method is asked for by name: the page's own questions, HTTP's syntax, and what is settled
# before anything is known of a resource.
NAMING_METHODS = {
    "src/graph/question.c",
    "src/registry/method.c",
    "src/resource/gateway/resource.c",
    "src/server/session/h1_send.c",
    "src/server/session/route_step.c",
    "src/server/worker.c",
    "src/wire/h1_head.c",
    "src/wire/h1_target.c",
}


def method_names(text):
    return re.findall(r"^METHOD\((\w+),", text, re.MULTILINE)


METHODS = method_names((SRC / "registry/method.def").read_text())


def lines_naming_methods(text):
    pattern = re.compile(rf"\bMETHOD_(?:{'|'.join(METHODS)})\b")
    return [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)
            if pattern.search(line.split("//", 1)[0])]


def rule_method_literal(name, text):
    """What a method does is in the tables (graph/author.def, resource/dav/effect.def)."""
    if name not in NAMING_METHODS:
        for number, line in lines_naming_methods(text):
            yield f"{number}: a method is named outside the tables: {line}"


def unlisted(source, lists):
    """Whether no meson.build beside or above a source names it."""
    folder, _, name = source.rpartition("/")
    wanted = rf"'(?:\w+/)*{re.escape(name)}'"
    match = re.fullmatch(r"(?:test|fuzz)_(\w+)\.c", name)
    if match:
        wanted += f"|'{match.group(1)}'"
    while folder:
        if re.search(wanted, lists.get(f"{folder}/meson.build", "")):
            return False
        folder = folder.rpartition("/")[0]
    return True


def limit_names(text):
    return re.findall(r"^LIMIT\((\w+),", text, re.MULTILINE)


def unused_limits(table, sources):
    return [name for name in limit_names(table) if not re.search(rf"\bLIMIT_{name}\b", sources)]


def undocumented_limits(table, page):
    return [name for name in limit_names(table) if not re.search(rf"\b{name}\b", page)]


# ---- Prose

def rule_links(name, text):
    """A link to a file of the project leads somewhere."""
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if not re.match(r"[a-z]+:", target) and not (ROOT / name).parent.joinpath(target).exists():
            yield f"1: the link {target} leads nowhere"


# ---- The rules on the tree

TEXTS = (*CODE, ".build", ".yaml", ".css", ".html", ".sh", ".ini")
RULES = [
    (rule_layers, lambda: files(".c", ".h", ".def", under=["src"])),
    (rule_function_length, lambda: files(".c", ".h")),
    (rule_file_length, lambda: files(*CODE)),
    # A style sheet's pictures are data of one line, and prose in HTML is not ours to wrap.
    (rule_line_length, lambda: [path for path in files(*TEXTS) + tools()
                                if path.suffix not in (".css", ".html")]),
    (rule_blanks, lambda: files(*TEXTS) + [path for path in tools() if path.name != "Makefile"]),
    (rule_spdx, lambda: files(*CODE, ".build") + tools()),
    (rule_no_promises, lambda: files(*TEXTS) + tools()),
    (rule_header_guard, lambda: files(".h")),
    (rule_status_literal, lambda: [path for path in files(".c", ".h", under=["src"])
                                   if not relative(path).startswith("src/registry/")]),
    (rule_method_literal, lambda: files(".c", ".h", under=["src"])),
    (rule_links, lambda: sorted(ROOT.glob("*.md")) + files(".md", under=["docs", "bench"])),
]


def tools():
    return [path for path in [ROOT / "Makefile", ROOT / ".ci/run", ROOT / "meson.build",
                              *sorted((ROOT / "tools").iterdir())] if path.is_file()]


@pytest.mark.parametrize("rule,paths", RULES, ids=[rule.__name__ for rule, _ in RULES])
def test_tree_keeps_rule(rule, paths):
    found = complaints_in(paths(), rule)
    assert not found, "\n" + "\n".join(found)


BAD_EXAMPLES = [
    (rule_layers, "src/base/a.c", '#include "server/server.h"\n'),
    (rule_layers, "src/wire/a.c", '#include "io/loop.h"\n'),
    (rule_layers, "src/http/a.c", '# include "wire/h1.h"\n'),
    (rule_layers, "src/resource/page/a.c", '#include "resource/files/files.h"\n'),
    (rule_layers, "src/resource/a.c", '#include "resource/page/page.h"\n'),
    (rule_layers, "src/base/a.c", '#include "span.h"\n'),
    (rule_layers, "src/cellar/a.c", ""),
    (rule_function_length, "a.c", "int f(void)\n{\n" + "    g();\n" * 71 + "}\n"),
    (rule_file_length, "a.c", "\n" * 601),
    (rule_line_length, "a.c", "x" * 101 + "\n"),
    (rule_line_length, "a.def", "x" * 201 + "\n"),
    (rule_blanks, "a.c", "\tint a;\n"),
    (rule_blanks, "a.c", "int a; \n"),
    (rule_blanks, "a.c", "int a;"),
    (rule_blanks, "a.c", "int a;\n\n"),
    (rule_spdx, "a.c", "int a;\n"),
    (rule_spdx, "a.c", f"// {SPDX}\n// {SPDX}\n"),
    (rule_spdx, "a.c", f"\n\n// {SPDX}\n"),
    (rule_no_promises, "a.c", "// FIX" "ME later\n"),
    (rule_header_guard, "src/base/a.h", "\n#ifndef A_H\n#define A_H\n#endif\n"),
    (rule_header_guard, "src/base/a.h", "\n#ifndef CANDOR_BASE_A_H\n#define CANDOR_BASE_B_H\n"),
    (rule_status_literal, "src/server/a.c", "    response->status = 404;\n"),
    (rule_status_literal, "src/server/a.c", "    head = status_line(500);\n"),
    (rule_status_literal, "src/server/a.c", '    puts("HTTP/1.1 503 Busy");\n'),
    (rule_status_literal, "src/server/a.c", "    multistatus_status(&b, 424);\n"),
    (rule_status_literal, "src/server/a.c", "    return error == -EACCES ? 403 : 500;\n"),
    (rule_status_literal, "src/server/a.c", "    [NOT_A_DATE] = {409, DAV_CONDITION_NONE},\n"),
    (rule_method_literal, "src/graph/a.c", "    if (m->method == METHOD_PUT)\n"),
    (rule_method_literal, "src/graph/a.h", "enum { SAFE = METHOD_BIT(METHOD_GET) };\n"),
    (rule_links, "README.md", "see [this](docs/never-written.md)\n"),
]

GOOD_EXAMPLES = [
    (rule_layers, "src/wire/a.c", '#include "base/span.h"\n#include "wire/h1.h"\n'),
    (rule_layers, "src/resource/files/a.c", '#include "resource/page/page.h"\n'),
    (rule_function_length, "a.c", "int f(void)\n{\n" + "    g();\n" * 70 + "}\n"),
    (rule_function_length, "a.c", "struct a b[] = {\n" + "    {1},\n" * 99 + "};\n"),
    (rule_line_length, "a.c", "\u00e9" * 100 + "\n"),
    (rule_status_literal, "src/server/a.c", "    if (info->status == 304)\n"),
    (rule_status_literal, "src/server/a.c", "    head = status_line(100);\n"),
    (rule_method_literal, "src/graph/a.c", "    [METHOD_##method] = row, // METHOD_PUT\n"),
    (rule_method_literal, "src/graph/a.c", "    for (int m = 1; m < METHOD_COUNT; m++)\n"),
    (rule_method_literal, "src/graph/question.c", "    return m == METHOD_CONNECT;\n"),
    (rule_header_guard, "src/resource/page/a.h",
     "\n#ifndef CANDOR_RESOURCE_PAGE_A_H\n#define CANDOR_RESOURCE_PAGE_A_H\n#endif\n"),
]


@pytest.mark.parametrize("rule,name,text", BAD_EXAMPLES,
                         ids=[f"{n}-{rule.__name__}" for n, (rule, *_) in enumerate(BAD_EXAMPLES)])
def test_rule_finds_its_bad_example(rule, name, text):
    assert list(rule(name, text))


@pytest.mark.parametrize("rule,name,text", GOOD_EXAMPLES,
                         ids=[f"{n}-{rule.__name__}" for n, (rule, *_) in enumerate(GOOD_EXAMPLES)])
def test_rule_lets_its_good_example_pass(rule, name, text):
    assert not list(rule(name, text))


def test_every_rule_has_a_bad_example():
    assert {rule for rule, _ in RULES} == {rule for rule, *_ in BAD_EXAMPLES}


# ---- Rules on the tree as a whole

def test_every_source_is_listed_in_a_meson_build():
    lists = {relative(path): path.read_text()
             for path in files("meson.build", under=["src", "tests", "bench", "examples"])}
    missing = [relative(path) for path in files(".c", under=["src", "tests", "bench"])
               if unlisted(relative(path), lists)]
    assert not missing, f"no meson.build lists {', '.join(missing)}"


def test_a_source_that_no_meson_build_lists_is_found():
    lists = {"src/base/meson.build": "files('span.c')", "tests/unit/meson.build": "['span']"}
    assert not unlisted("src/base/span.c", lists)
    assert unlisted("src/base/pan.c", lists)
    assert not unlisted("tests/unit/test_span.c", lists)
    assert unlisted("tests/unit/test_buf.c", lists)


def test_every_file_that_may_name_methods_does():
    idle = [name for name in sorted(NAMING_METHODS)
            if not lines_naming_methods((ROOT / name).read_text())]
    assert not idle, f"{', '.join(idle)} need not be in NAMING_METHODS"


def test_banned_functions_are_compile_errors_everywhere():
    build = (ROOT / "meson.build").read_text()
    assert re.search(r"'-include',\s*meson\.project_source_root\(\) / 'src/base/banned\.h'", build)
    poison = " ".join(re.findall(r"#pragma GCC poison (.*)", (SRC / "base/banned.h").read_text()))
    for name in ("gets", "strcpy", "strcat", "sprintf", "strtok", "gmtime", "atoi", "tmpnam"):
        assert name in poison.split()


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_banned_functions_are_banned_by_each_compiler(compiler):
    """Optimised, too: the system's headers then define some of them as macros."""
    if shutil.which(compiler) is None:
        pytest.skip(f"there is no {compiler}")
    command = [compiler, "-x", "c", "-std=gnu17", "-O2", "-D_GNU_SOURCE", "-U_FORTIFY_SOURCE",
               "-D_FORTIFY_SOURCE=3", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
               "-fsyntax-only", "-include", SRC / "base/banned.h", "-"]
    for call, passes in (("strlen(b)", True), ("sprintf(b, b)", False), ("atoi(b)", False)):
        source = f"int call(char *b);\nint call(char *b) {{ return (int){call}; }}\n"
        done = subprocess.run(command, input=source, text=True, capture_output=True, check=False)
        assert (done.returncode == 0) == passes, done.stderr


def test_every_limit_is_used():
    if not files(".c", under=["src/server"]):
        pytest.skip("the server, which most limits are about, is not in this tree")
    sources = "".join(path.read_text() for path in files(".c", ".h", ".def", under=["src"]))
    assert unused_limits((SRC / "base/limits.def").read_text(), sources) == []


def test_every_limit_is_documented():
    page = ROOT / "docs/limits.md"
    if not page.exists():
        pytest.skip("there is no docs/limits.md in this tree")
    assert undocumented_limits((SRC / "base/limits.def").read_text(), page.read_text()) == []


def test_a_limit_that_nobody_uses_or_documents_is_found():
    table = 'LIMIT(ONE, 1, "-", "")\nLIMIT(TWO, 2, "-", "")\n'
    assert unused_limits(table, "x < LIMIT_ONE; y < LIMIT_TWO_MORE") == ["TWO"]
    assert undocumented_limits(table, "| ONE |") == ["TWO"]


# ---- The glossary

def glossary_faults(page, read):
    """What is wrong with a glossary; read(path) is the text of a header, or None."""
    words = re.search(r"^Words: ([^.]*)\.$", page, re.MULTILINE | re.DOTALL)
    named = re.split(r",\s+", words.group(1)) if words else []
    entries = re.findall(r"^\| ([a-z ]+) \| (.+) \| `(\S+)` \|$", page, re.MULTILINE)
    if not named or named != sorted(named):
        yield "the words are named in the order of the alphabet"
    if [word for word, _, _ in entries] != named:
        yield f"words without an entry, or entries out of order: " \
              f"{set(named) ^ {word for word, _, _ in entries}}"
    for word, _, path in entries:
        text = read(path)
        if text is None or not re.search(rf"\b{word}", text):
            yield f"{path} does not define {word}"


def test_the_glossary_defines_its_words():
    def read(path):
        file = ROOT / path
        return file.read_text() if file.suffix == ".h" and file.exists() else None

    assert not list(glossary_faults((ROOT / "docs/glossary.md").read_text(), read))


@pytest.mark.parametrize("page", [
    "Words: fact, step.\n| fact | what | `a.h` |\n",
    "Words: fact.\n| fact | what | `b.h` |\n",
    "Words: fact.\n| fact | what | `other.h` |\n",
    "Words: step, fact.\n| step | what | `a.h` |\n| fact | what | `a.h` |\n",
    "| fact | what | `a.h` |\n",
])
def test_a_fault_of_a_glossary_is_found(page):
    headers = {"a.h": "a fact; a step", "other.h": "nothing of it"}
    assert list(glossary_faults(page, headers.get))
    sound = "Words: fact, step.\n| fact | a | `a.h` |\n| step | b | `a.h` |\n"
    assert not list(glossary_faults(sound, headers.get))
