# SPDX-License-Identifier: MIT
"""candor graph: the page of questions, and the picture of it in docs/."""
import re

from cli.program import ROOT, candor


def test_the_committed_graph_is_that_of_the_table():
    written = (ROOT / "docs/graph.dot").read_text(encoding="utf-8")
    assert written == candor("graph").stdout, "run: make docs"


def test_the_picture_shows_every_question_and_every_end():
    dot = candor("graph").stdout
    picture = (ROOT / "docs/graph.svg").read_text(encoding="utf-8")
    drawn = set(re.findall(r"<title>(\w+)</title>", picture)) - {"candor"}
    assert drawn == set(re.findall(r"^  (\w+) \[(?:group|label|style)", dot, re.MULTILINE))
    edges = {f"{a}->{b}" for a, b in re.findall(r"(\w+) -> (\w+)", dot)}
    shown = {edge.replace("&#45;&gt;", "->")
             for edge in re.findall(r"<title>(\w+&#45;&gt;\w+)</title>", picture)}
    assert shown == edges
    assert "graph.svg" in (ROOT / "docs/architecture.md").read_text(encoding="utf-8")


def test_help_and_a_wrong_command_line():
    assert candor("graph", "--help").stdout.startswith("usage: candor graph\n")
    result = candor("graph", "svg")
    assert result.returncode == 2
    assert result.stdout == "" and result.stderr.startswith("candor graph: ")
