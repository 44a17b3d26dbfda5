# SPDX-License-Identifier: MIT
"""The man page and the completions know every command that candor --help lists."""
import re
import shutil
import subprocess

import pytest

from cli.program import CANDOR, ROOT, candor


def commands():
    return re.findall(r"^  candor (\w+)", candor("--help").stdout, re.MULTILINE)


def complete(*words):
    """What bash offers for the last word."""
    script = ('source completions/candor.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
              'set +e; _candor; printf "%s\\n" "${COMPREPLY[@]}"')
    result = subprocess.run(["bash", "-euc", script, "bash", CANDOR, *words], text=True, cwd=ROOT,
                            capture_output=True, timeout=30, check=False)
    assert result.stderr == ""
    return result.stdout.split()


def test_every_command_is_in_the_man_page_and_the_completions():
    assert {"status", "why"} <= set(commands())
    manual = (ROOT / "docs/candor.1").read_text(encoding="utf-8")
    zsh = (ROOT / "completions/_candor").read_text(encoding="utf-8")
    for command in commands():
        assert f"\n.It Cm {command}" in manual
        assert f"'{command}:" in zsh
        assert command in complete("")
        assert candor(command, "--help").stdout.startswith(f"usage: candor {command}")


def test_every_option_of_serve_is_in_the_man_page_and_the_completions():
    options = set(re.findall(r"^  (--[a-z-]+)", candor("serve", "--help").stdout, re.MULTILINE))
    assert {"--listen", "--to"} <= options
    manual = (ROOT / "docs/candor.1").read_text(encoding="utf-8")
    zsh = (ROOT / "completions/_candor").read_text(encoding="utf-8")
    for option in options:
        assert re.search(rf"^\.It .*Fl -{option[2:]}\b", manual, re.MULTILINE)
        assert f"{option}[" in zsh
        assert option in complete("serve", option[:4])
    assert max(map(len, candor("serve", "--help").stdout.splitlines())) <= 92
    assert "--to" in candor("--help").stdout


@pytest.mark.skipif(not shutil.which("groff"), reason="there is no groff")
def test_man_page_has_no_error():
    result = subprocess.run(["groff", "-mdoc", "-Tutf8", "-ww", "-z", ROOT / "docs/candor.1"],
                            capture_output=True, text=True, timeout=30, check=False)
    assert result.returncode == 0 and result.stderr == ""


def test_bash_completes_outcomes_codes_and_options():
    assert complete("st") == ["status"]
    assert "host-missing" in complete("why", "host-m")
    assert complete("status", "40") == [str(code) for code in range(400, 410)]
    assert complete("status", "4x") == ["4xx"]
    assert complete("status", "--j") == ["--json"]
    assert complete("serve", "--w") == ["--write"]


@pytest.mark.parametrize("typed, meant", [("sevre", "serve"), ("chekc", "check"), ("xyzzy", None)])
def test_a_command_that_is_not_there_is_told_with_the_nearest(typed, meant):
    result = candor(typed)
    assert (result.returncode, result.stdout) == (2, "")
    assert f'there is no command "{typed}"' in result.stderr
    assert ("did you mean" in result.stderr) == bool(meant)
    assert not meant or f'did you mean "{meant}"?' in result.stderr
