# SPDX-License-Identifier: MIT
"""candor status: codes, classes, words, as text and as JSON; exit codes 0, 1 and 2."""
import json

import pytest

from cli.program import ROOT, candor

# What IANA's registry holds, without what is unassigned and the temporary 104.
REGISTERED = [*range(100, 104), *range(200, 209), 226, *range(300, 309), *range(400, 419),
              *range(421, 427), 428, 429, 431, 451, *range(500, 509), 510, 511]


def json_of(*arguments):
    result = candor("status", *arguments, "--json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_without_an_argument_every_registered_code_is_listed():
    result = candor("status")
    assert result.returncode == 0
    listed = [int(line.split()[0]) for line in result.stdout.split("In use")[0].splitlines()
              if line.startswith("  ")]
    assert listed == REGISTERED


def test_json_of_all_codes_agrees_with_the_list():
    rows = json_of()
    assert [row["code"] for row in rows if row["registered"]] == REGISTERED
    unregistered = [row["code"] for row in rows if not row["registered"]]
    assert {444, 499, 520, 527, 440, 463, 561, 419, 999} <= set(unregistered)
    assert len(unregistered) == len(set(unregistered))


def test_a_code_is_explained_with_its_section_and_outcomes():
    out = candor("status", "405").stdout
    assert out.startswith("405 Method Not Allowed\n")
    for part in ("RFC 9110 §15.5.6", "Must carry      Allow", "method-not-allowed"):
        assert part in out


def test_json_of_one_code_is_an_object():
    row = json_of("206")
    assert (row["code"], row["reason"], row["section"]) == (
        206, "Partial Content", "RFC 9110 §15.3.7")
    assert row["must"] == ["Content-Range"]
    assert row["repeated"] == ["Date", "Cache-Control", "ETag", "Expires", "Content-Location",
                               "Vary"]
    assert row["cacheable"] and row["content"] and not row["retry"]
    assert row["outcomes"] == ["partial", "partial-many"]


@pytest.mark.parametrize("name", ["4xx", "4XX"])
def test_a_class_lists_its_codes_only(name):
    assert {row["code"] // 100 for row in json_of(name)} == {4}
    assert "404  Not Found" in candor("status", name).stdout
    assert "500  " not in candor("status", name).stdout


def test_a_word_finds_codes_by_reason_meaning_and_field_whatever_its_case():
    assert 423 in [row["code"] for row in json_of("LOCKED")]
    assert [row["code"] for row in json_of("www-authenticate")] == [401]
    assert {206, 304} <= {row["code"] for row in json_of("etag")}
    assert "499  Client Closed Request (nginx)" in candor("status", "nginx").stdout


def test_a_phrase_is_one_word():
    assert [row["code"] for row in json_of("precondition required")] == [428]


def test_an_unregistered_code_is_recognised_and_told_whether_candor_sends_it():
    out = candor("status", "499").stdout
    assert out.startswith("499 is not registered; Candor never sends it\n")
    assert "nginx: Client Closed Request" in out
    assert [use["user"] for use in json_of("499")["uses"]] == ["nginx", "ArcGIS"]
    out = candor("status", "104").stdout
    assert out.startswith("104 is not registered; Candor sends it to clients that ask for it\n")


@pytest.mark.parametrize("what,clue", [("299", "treats it like 200"), ("666", "nothing is known"),
                                       ("no-such-word", "no status code")])
def test_what_is_not_found_is_exit_code_1_with_one_line(what, clue):
    for arguments in ([what], [what, "--json"]):
        result = candor("status", *arguments)
        assert result.returncode == 1
        assert result.stdout == ""
        assert clue in result.stderr and result.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--colour"], ["404", "405"], [""], ["-4"]])
def test_a_wrong_command_line_is_exit_code_2(arguments):
    result = candor("status", *arguments)
    assert result.returncode == 2
    assert result.stdout == "" and result.stderr.startswith("candor status: ")


@pytest.mark.parametrize("columns", [50, 80, 100])
def test_text_fits_the_width_that_columns_tells(columns):
    for code in (200, 400, 404, 503):
        out = candor("status", str(code), COLUMNS=str(columns)).stdout
        assert max(map(len, out.splitlines())) <= columns


def test_help_tells_the_arguments():
    for option in ("--help", "-h"):
        result = candor("status", option)
        assert result.returncode == 0
        assert result.stdout.startswith("usage: candor status [CODE | 4xx | WORD] [--json]\n")


def test_output_that_cannot_be_written_is_exit_code_1():
    import subprocess
    from cli.program import CANDOR
    with open("/dev/full", "w", encoding="ascii") as full:
        result = subprocess.run([CANDOR, "status", "404"], stdout=full, stderr=subprocess.PIPE,
                                text=True, timeout=30, check=False)
    assert result.returncode == 1
    assert "standard output" in result.stderr


@pytest.mark.parametrize("page", ["outcomes", "statuses", "limits", "fields"])
def test_page_of_the_documentation_is_made_from_the_tables(page):
    result = candor("docs", page)
    assert result.returncode == 0
    written = (ROOT / f"docs/{page}.md").read_text(encoding="utf-8")
    assert written == result.stdout, f"run: build/candor docs {page} > docs/{page}.md"
