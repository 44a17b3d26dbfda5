# SPDX-License-Identifier: MIT
"""The official test suite of JSON Schema, as Debian has it in libtest-json-schema-acceptance-perl:
every required case of draft 2020-12. What it would fetch from localhost:1234 is given instead."""
import json
from pathlib import Path

import pytest

from schema.driver import Driver

SUITE = Path("/usr/share/perl5/auto/share/dist/Test-JSON-Schema-Acceptance")
DRAFT = "draft2020-12"
BASE = "http://localhost:1234/"
# Of the optional ones those whose every case is held to.
OPTIONAL = ["ecmascript-regex", "non-bmp-regex", "no-schema", "refOfUnknownKeyword", "bignum",
            "float-overflow", "format-assertion"]
FORMATS = ["date", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "json-pointer",
           "regex", "relative-json-pointer", "time", "uri", "uri-reference", "uuid"]

if not SUITE.is_dir():
    pytest.skip("libtest-json-schema-acceptance-perl is not installed", allow_module_level=True)


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def remotes():
    """What the suite's server would serve, but for what is of other drafts."""
    folder = SUITE / "remotes"
    found = {}
    for path in sorted(folder.rglob("*.json")):
        name = path.relative_to(folder).as_posix()
        if not name.startswith("draft") or name.startswith(DRAFT + "/"):
            found[BASE + name] = load(path)
    return found


@pytest.fixture(scope="module", name="driver")
def fixture_driver():
    driver = Driver()
    yield driver
    driver.end()


def failures(driver, path, formats=False):
    """The cases of a file that fail, and how many there are."""
    wrong, count = [], 0
    for group in load(path):
        answer = driver.check(group["schema"], [test["data"] for test in group["tests"]],
                              remotes(), formats)
        results = answer.get("results", [answer] * len(group["tests"]))
        for test, result in zip(group["tests"], results):
            count += 1
            verdict = True if "valid" in result else False if "violations" in result else None
            if verdict is not test["valid"]:
                wrong.append(f"{group['description']}: {test['description']}: {result}")
    return wrong, count


REQUIRED = sorted((SUITE / "tests" / DRAFT).glob("*.json"))


def test_the_suite_is_whole(driver, capsys):
    """A suite that lost its cases would pass as well."""
    total = sum(failures(driver, path)[1] for path in REQUIRED)
    with capsys.disabled():
        print(f"\nJSON Schema Test Suite, {DRAFT}: {total} required cases in {len(REQUIRED)} files")
    assert total > 1100 and len(REQUIRED) > 40


@pytest.mark.parametrize("path", REQUIRED, ids=[path.stem for path in REQUIRED])
def test_every_required_case_passes(driver, path):
    wrong, count = failures(driver, path)
    assert count and not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", OPTIONAL)
def test_every_case_of_these_optional_files_passes(driver, name):
    wrong, count = failures(driver, SUITE / "tests" / DRAFT / "optional" / f"{name}.json",
                            formats=name == "ecmascript-regex")
    assert count and not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", FORMATS)
def test_formats_are_asserted_where_that_is_asked_for(driver, name):
    path = SUITE / "tests" / DRAFT / "optional/format" / f"{name}.json"
    wrong, count = failures(driver, path, formats=True)
    assert count and not wrong, "\n".join(wrong)
