# SPDX-License-Identifier: MIT
"""A kind of resource is added from a folder of its own (docs/architecture.md).

tests/kind/hello/ is all that such a kind brings along. The program that has it is made of the
program as it stands and a table of kinds with a line more.
"""
import subprocess
from pathlib import Path

import pytest

from harness import CANDOR, Server

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PROGRAM = CANDOR.parent / "tests/kind/candor-hello"

CONFIG = """\
routes:
  - { path: /hello, hello: { word: "hi" } }
  - { path: /, files: { root: "{root}" } }
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    root = tmp_path_factory.mktemp("hello")
    (root / "file").write_text("beside it\n")
    with Server(root=root, config=CONFIG, program=PROGRAM) as running:
        yield running


def check(folder, text):
    (folder / "c.yaml").write_text(text)
    return subprocess.run([PROGRAM, "check", "c.yaml"], cwd=folder, capture_output=True, text=True,
                          timeout=20, check=False)


def test_a_route_of_the_new_kind_answers_by_its_key(server):
    answer = server.get("/hello")
    assert (answer.status, answer.body) == (200, b"hi\n")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["Content-Length"] == "3"
    assert server.request("HEAD", "/hello").status == 200
    assert server.request("PUT", "/hello").status == 405
    assert server.get("/file").body == b"beside it\n"


@pytest.mark.parametrize("hello,said", [
    ('{ word: "hi", wrod: 1 }',
     'c.yaml:1:42: key "routes.hello.wrod": there is no such key; expected perhaps "word"'),
    ("{}", 'c.yaml:1:28: key "routes.hello.word": it is missing; expected the name of a file, '
           "without a slash"),
    ("{ word: [] }", 'c.yaml:1:36: key "routes.hello.word": there is a list where a single value '
                     "belongs; expected the name of a file, without a slash"),
])
def test_its_keys_are_checked_with_line_and_column(tmp_path, hello, said):
    done = check(tmp_path, f"routes: [{{path: /x, hello: {hello}}}]\n")
    assert (done.returncode, done.stderr) == (2, said + "\n")


def test_a_route_is_of_one_kind(tmp_path):
    done = check(tmp_path, "routes: [{path: /, hello: {word: a}, files: {root: .}}]\n")
    assert (done.returncode, done.stderr) == (
        2, 'c.yaml:1:38: key "routes.files": the route says already in another way how it answers; '
           "expected exactly one of: files, gateway, mock, hello\n")
    assert check(tmp_path, "routes: [{path: /, helo: {word: a}}]\n").stderr == (
        'c.yaml:1:20: key "routes.helo": there is no such key; expected perhaps "hello"\n'
        'c.yaml:1:10: key "routes": the route does not say how it answers; expected exactly one '
        "of: files, gateway, mock, hello\n")


def test_its_keys_are_documented():
    page = subprocess.run([PROGRAM, "docs", "configuration"], capture_output=True, text=True,
                          timeout=20, check=True).stdout
    known = (ROOT / "docs/configuration.md").read_text()
    assert page.startswith(known)
    assert page[len(known):] == (
        "\n### routes.hello\n\nThe route answers with a greeting.\n\nHolds the keys below. Exactly "
        "one such key says how the route answers.\n\n### routes.hello.word\n\nWhat is said.\n\n"
        "Takes the name of a file, without a slash. Must be there.\n")


def test_the_table_of_kinds_differs_by_a_line():
    def kinds(path):
        return [line for line in path.read_text().splitlines() if line.startswith("KIND(")]

    before, after = kinds(ROOT / "src/resource/kinds.def"), kinds(HERE / "resource/kinds.def")
    assert after[:-1] == before


def test_nothing_else_of_the_program_knows_a_kind():
    """But for the kind's own folder, and `candor serve DIR`, which is of files by its meaning."""
    floors = ["server", "server/config", "server/session", "cli"]
    sources = [path for floor in floors for path in (ROOT / "src" / floor).glob("*.[ch]")]
    named = {path.name for path in sources
             if "kind_files" in path.read_text() or '"resource/files/files.h"' in path.read_text()
             or '"resource/dav/' in path.read_text()}
    assert named == set()
