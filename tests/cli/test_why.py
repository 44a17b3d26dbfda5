# SPDX-License-Identifier: MIT
"""candor why: what an outcome means, and what to do about it."""
import re

import pytest

from cli.program import ROOT, candor


def tokens():
    text = (ROOT / "src/registry/outcome.def").read_text(encoding="utf-8")
    return re.findall(r'^OUTCOME\(\w+,\s*"([a-z0-9-]+)"', text, re.MULTILINE)


def test_without_an_argument_every_outcome_is_listed_with_its_status():
    result = candor("why")
    assert result.returncode == 0
    listed = re.findall(r"^[1-5]\d\d  ([a-z0-9-]+) ", result.stdout, re.MULTILINE)
    assert listed == tokens()


def test_an_outcome_is_explained_with_status_and_advice_for_both_sides():
    out = candor("why", "header-timeout").stdout
    assert out.startswith("header-timeout: 408 Request Timeout\n")
    for part in ("What the client can do\n", "What the operator can do\n",
                 "limits.header_timeout", "What 408 means (RFC 9110 §15.5.9)\n"):
        assert part in out
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("token", tokens())
def test_every_outcome_has_an_explanation(token):
    result = candor("why", token)
    assert result.returncode == 0
    assert result.stdout.startswith(f"{token}: ")
    assert "What the client can do\n    " in result.stdout
    assert "What the operator can do\n    " in result.stdout
    assert "Where a request comes to it\n    " in result.stdout


@pytest.mark.parametrize("typed,meant", [("hedaer-timeout", "header-timeout"),
                                         ("not_found", "not-found"), ("Not_Found", "not-found"),
                                         ("host", "host-missing")])
def test_an_unknown_token_is_answered_with_close_ones(typed, meant):
    result = candor("why", typed)
    assert result.returncode == 1
    assert result.stdout == ""
    assert f'there is no outcome "{typed}"' in result.stderr
    assert f"\n  {meant}\n" in result.stderr


def test_letters_may_be_of_any_case():
    assert candor("why", "Locked").stdout == candor("why", "locked").stdout != ""


def test_a_status_lists_the_outcomes_that_have_it():
    everything = candor("why", COLUMNS="40").stdout
    for status in sorted(set(re.findall(r"^([1-5]\d\d)  ", everything, re.MULTILINE))):
        listed = candor("why", status, COLUMNS="40").stdout
        assert set(re.findall(r"^\d\d\d", listed, re.MULTILINE)) == {status}
        assert re.findall(rf"^{status}  [a-z0-9-]+", everything, re.MULTILINE) == \
            re.findall(r"^\d\d\d  [a-z0-9-]+", listed, re.MULTILINE)


def test_a_status_without_outcomes_is_told_where_to_look():
    result = candor("why", "418")
    assert result.returncode == 1
    assert "no outcome has the status 418; candor status 418" in result.stderr


@pytest.mark.parametrize("typed", ["zzzzzz", "foo", "x" * 500])
def test_a_token_like_no_other_is_told_where_the_list_is(typed):
    result = candor("why", typed)
    assert result.returncode == 1
    assert result.stderr.endswith("candor why lists them all\n")


@pytest.mark.parametrize("arguments", [["--nope"], ["ok", "partial"], [""]])
def test_a_wrong_command_line_is_exit_code_2(arguments):
    result = candor("why", *arguments)
    assert result.returncode == 2
    assert result.stdout == "" and result.stderr.startswith("candor why: ")


def test_help_tells_the_arguments():
    result = candor("why", "--help")
    assert result.returncode == 0
    assert result.stdout.startswith("usage: candor why [TOKEN | STATUS]\n")


def sources(token):
    """What the section about the graph says, one line."""
    out = candor("why", token, COLUMNS="100").stdout
    section = out.split("Where a request comes to it\n", 1)[1].split("\n\n", 1)[0]
    return re.sub(r"\s+", " ", section).strip()


@pytest.mark.parametrize("token,said", [
    ("host-unknown", "Is the host one of this server's? No (RFC 9110 §7.4, route: host_known)"),
    ("slash-missing",
     "Is it a folder, named without its slash? Yes (RFC 9110 §15.4.2, reading: lacks_slash)"),
])
def test_an_outcome_of_the_graph_is_told_with_its_question(token, said):
    assert sources(token) == said


def test_a_cause_of_the_gateway_is_told_without_what_it_cannot_be():
    said = sources("upstream-refused")
    assert "(fact answer, RFC 9110 §7.6)" in said and "Destination" not in said


def test_an_outcome_of_several_questions_is_told_with_each_of_them():
    said = sources("not-modified")
    assert re.findall(r"(\w+)\)", said) == ["is_read", "modified_since"]


def facts():
    table = (ROOT / "src/graph/fact.def").read_text(encoding="utf-8")
    return re.findall(r"^FACT\((\w+), .*\"(.+)\", \"(.+)\"\)$", table, re.MULTILINE)


def test_an_outcome_that_a_fact_finds_says_so():
    said = sources("header-timeout")
    assert said.startswith("It is a cause for which something that a question needs to know cannot")
    assert len(facts()) > 10
    assert said.endswith(" ".join(f"{name}: {meaning} ({section})"
                                  for name, section, meaning in facts()))
