# SPDX-License-Identifier: MIT
"""libcandor as another program meets it: only what is installed, found by pkg-config."""
import json
import os
import re
import shutil
import subprocess

import pytest

from cli.program import CANDOR, ROOT

BUILD = CANDOR.parent
HEADERS = sorted(path.name for path in (ROOT / "include/candor").glob("*.h"))

pytestmark = [
    pytest.mark.skipif(not (BUILD / "meson-info").is_dir(),
                       reason=f"{BUILD} is not a folder that Meson builds in"),
    pytest.mark.skipif(not shutil.which("pkg-config"), reason="there is no pkg-config"),
]


def run(*command, **environment):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          timeout=300, env={**os.environ, **environment}, check=False)


def sanitizers():
    """A library with sanitizers wants a program with the same ones."""
    options = json.loads((BUILD / "meson-info/intro-buildoptions.json").read_text())
    value = next(option["value"] for option in options if option["name"] == "b_sanitize")
    return [] if value == "none" else [f"-fsanitize={value}"]


@pytest.fixture(scope="module", name="installed")
def fixture_installed(tmp_path_factory):
    """The installed tree, and what pkg-config says of it."""
    folder = tmp_path_factory.mktemp("installed")
    result = run("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", DESTDIR=folder)
    assert result.returncode == 0, result.stdout + result.stderr
    found = list(folder.rglob("candor.pc"))
    assert len(found) == 1

    def flags(*what):
        result = run("pkg-config", *what, "candor", PKG_CONFIG_PATH=found[0].parent,
                     PKG_CONFIG_SYSROOT_DIR=folder)
        assert result.returncode == 0, result.stderr
        return result.stdout.split()

    return folder, found[0].parent.parent, flags


def expect_example_to_work(program, **environment):
    result = run(program, "405", **environment)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("405 Method Not Allowed (RFC 9110 §15.5.6)\n")
    assert "must carry: Allow\n" in result.stdout
    assert "outcome: method-not-allowed: " in result.stdout
    assert "Thu, 01 Jan 1970 00:00:00 GMT" in result.stdout
    assert run(program, "299", **environment).returncode == 1


def test_example_runs_with_the_shared_library(installed, tmp_path):
    _, libraries, flags = installed
    program = tmp_path / "status"
    built = run("cc", "-Wall", "-Wextra", "-Werror", *sanitizers(), "-o", program,
                ROOT / "examples/status.c", *flags("--cflags", "--libs"))
    assert built.returncode == 0, built.stderr
    assert "libcandor.so.0" in run("readelf", "-d", program).stdout
    expect_example_to_work(program, LD_LIBRARY_PATH=str(libraries))


def test_json_schema_example_runs_with_the_shared_library(installed, tmp_path):
    _, libraries, flags = installed
    program = tmp_path / "json_schema"
    built = run("cc", "-Wall", "-Wextra", "-Werror", *sanitizers(), "-o", program,
                ROOT / "examples/json_schema.c", *flags("--cflags", "--libs"))
    assert built.returncode == 0, built.stderr

    def told(schema, text):
        result = run(program, schema, text, LD_LIBRARY_PATH=str(libraries))
        return result.returncode, result.stdout + result.stderr

    schema = '{"required": ["name"], "properties": {"age": {"minimum": 0}}}'
    assert told(schema, '{"name": "x", "age": 1}') == (0, "it fits\n")
    assert told(schema, '{"age": -1}') == (
        1, '"": expected a member "name"; found no such member (/required)\n'
           '"/age": expected a number of at least 0; found the number -1'
           ' (/properties/age/minimum)\n')
    assert told(schema, '{"age" -1}') == (
        1, 'line 1, column 8: expected a colon behind the name; found "-"\n')
    assert told('{"minimum": "0"}', "1") == (
        2, "the schema cannot be used: /minimum: minimum is to be a number\n")
    assert told('{"$dynamicAnchor": "a", "$dynamicRef": "#a"}', "1") == (1, "nobody can tell\n")


def test_example_runs_with_the_static_library(installed, tmp_path):
    _, libraries, flags = installed
    program = tmp_path / "status"
    others = [flag for flag in flags("--static", "--libs-only-l") if flag != "-lcandor"]
    built = run("cc", *sanitizers(), "-o", program, ROOT / "examples/status.c",
                *flags("--cflags"), libraries / "libcandor.a", *others)
    assert built.returncode == 0, built.stderr
    assert "libcandor" not in run("readelf", "-d", program).stdout
    expect_example_to_work(program)


@pytest.mark.parametrize("library", ["libcandor.a", "libcandor.so"])
def test_only_the_public_functions_can_be_seen(installed, library):
    _, libraries, _ = installed
    what = ["-D"] if library.endswith(".so") else []
    out = run("nm", "-g", *what, "--defined-only", libraries / library).stdout
    names = {line.split()[-1] for line in out.splitlines() if len(line.split()) == 3}
    names = {name for name in names if not re.match(r"_|\.", name)}
    declared = set()
    for header in HEADERS:
        text = (ROOT / "include/candor" / header).read_text(encoding="utf-8")
        declared |= set(re.findall(r"\b(candor_\w+)\(", text))
    assert names == declared


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("compiler,standard", [("cc", "c99"), ("c++", "c++11")])
def test_each_header_stands_alone_in_c_and_cpp(installed, tmp_path, header, compiler, standard):
    if not shutil.which(compiler):
        pytest.skip(f"there is no {compiler}")
    _, _, flags = installed
    source = tmp_path / ("a.cpp" if compiler == "c++" else "a.c")
    source.write_text(f"#include <candor/{header}>\nint main(void) {{ return 0; }}\n")
    built = run(compiler, f"-std={standard}", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
                "-fsyntax-only", source, *flags("--cflags"))
    assert built.returncode == 0, built.stderr


def test_manual_and_completions_are_installed(installed):
    folder = installed[0]
    names = {path.relative_to(folder).as_posix().split("share/", 1)[-1]
             for path in folder.rglob("*") if path.is_file()}
    assert "man/man1/candor.1" in names
    assert "bash-completion/completions/candor" in names
    assert "zsh/site-functions/_candor" in names
