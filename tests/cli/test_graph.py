# SPDX-License-Identifier: MIT
"""candor graph: the page of questions, and the picture of it in docs/."""
import re

import pytest

from cli.program import ROOT, candor


SECTIONS = re.findall(r"^SECTION\((\w+),", (ROOT / "src/graph/page.def").read_text(), re.MULTILINE)
PICTURES = [((), "docs/graph"), *(((name,), f"docs/graph/{name}") for name in SECTIONS)]


def drawn_by(picture):
    """The nodes and the edges of an SVG."""
    titles = set(re.findall(r"<title>([^<]+)</title>", picture)) - {"candor"}
    edges = {title for title in titles if "&#45;&gt;" in title}
    return titles - edges, {edge.replace("&#45;&gt;", "->") for edge in edges}


@pytest.mark.parametrize("arguments, path", PICTURES, ids=[path for _, path in PICTURES])
def test_the_committed_graph_is_that_of_the_table(arguments, path):
    written = (ROOT / f"{path}.dot").read_text(encoding="utf-8")
    assert written == candor("graph", *arguments).stdout, "run: make docs"


@pytest.mark.parametrize("arguments, path", PICTURES, ids=[path for _, path in PICTURES])
def test_the_picture_shows_everything(arguments, path):
    dot = candor("graph", *arguments).stdout
    nodes, edges = drawn_by((ROOT / f"{path}.svg").read_text(encoding="utf-8"))
    named = set(re.findall(r"^  (\w+) \[(?:group|label|style|shape)", dot, re.MULTILINE))
    assert nodes == named - {"node", "edge", "graph"}
    assert edges == {f"{a}->{b}" for a, b in re.findall(r"(\w+) -> (\w+)", dot)} and edges


@pytest.mark.parametrize("arguments, path", PICTURES, ids=[path for _, path in PICTURES])
def test_a_picture_is_readable_without_zooming(arguments, path):
    """At its own size it fits a page."""
    width, height = map(int, re.search(r'<svg width="(\d+)pt" height="(\d+)pt"',
                                       (ROOT / f"{path}.svg").read_text()).groups())
    assert width <= 960 and height <= 960, f"{path} is {width} by {height} points"


def test_the_docs_show_every_picture():
    page = (ROOT / "docs/questions.md").read_text(encoding="utf-8")
    for _, path in PICTURES:
        assert f"]({path.removeprefix('docs/')}.svg)" in page
    assert "questions.md" in (ROOT / "docs/architecture.md").read_text(encoding="utf-8")


def test_sections_lead_to_doors_and_no_outcome_is_lost():
    """All outcomes of the page are in the pictures of the sections."""
    told = set()
    for name in SECTIONS:
        told |= set(re.findall(r'label="\d{3}  ([a-z-]+)"', candor("graph", name).stdout))
    table = "".join(p.read_text() for p in (ROOT / "src/graph/page").glob("*.def"))
    wanted = set(re.findall(r"\bO\((\w+)\)", table)) | set(
        re.findall(r"^END\(\w+, .*, (\w+)\)", table, re.MULTILINE))
    assert told == {name.replace("_", "-") for name in wanted}


def test_help_and_a_wrong_command_line():
    said = candor("graph", "--help").stdout
    assert said.startswith("usage: candor graph [SECTION]\n")
    assert re.findall(r"^    (\w+) +[A-Z].*\?$", said, re.MULTILINE) == SECTIONS
    for arguments in (["svg"], ["route", "method"]):
        result = candor("graph", *arguments)
        assert result.returncode == 2
        assert result.stdout == "" and result.stderr.startswith("candor graph: ")
    assert "there is no section \"svg\"" in candor("graph", "svg").stderr
