# SPDX-License-Identifier: MIT
"""candor check FILE: the answer, the exit code, and the page that its table makes."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CANDOR = os.environ.get("CANDOR", str(ROOT / "build" / "candor"))


def check(*arguments, cwd=None):
    return subprocess.run(
        [os.path.abspath(CANDOR), "check", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=20,
    )


def write(folder, text):
    (folder / "public").mkdir(exist_ok=True)
    (folder / "candor.yaml").write_text(text)


def test_a_fine_file_is_called_fine(tmp_path):
    write(tmp_path, "routes:\n  - path: /\n    files: { root: public }\n")
    done = check("candor.yaml", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "candor.yaml: fine (1 route)\n", "")


def test_paths_in_the_file_are_relative_to_its_folder(tmp_path):
    write(
        tmp_path,
        "routes:\n"
        "  - { path: /, files: { root: public } }\n"
        "  - { path: /b/, files: { root: ./public } }\n",
    )
    file = str(tmp_path / "candor.yaml")
    done = check(file, cwd="/")
    assert (done.returncode, done.stdout) == (0, f"{file}: fine (2 routes)\n")


def test_a_mistake_is_told_with_its_place_and_exit_code_2(tmp_path):
    write(tmp_path, "workers: many\nroutes:\n  - path: /\n    files: { rot: public }\n")
    done = check("candor.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        'candor.yaml:1:10: key "workers": "many" is not a whole number; '
        "expected a whole number from 0 to 256\n"
        'candor.yaml:4:14: key "routes.files.rot": there is no such key; '
        'expected perhaps "root"\n'
        'candor.yaml:4:12: key "routes.files.root": it is missing; '
        "expected the path of a folder\n"
    )


def test_a_missing_file_is_told(tmp_path):
    done = check("no.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "no.yaml:1:1: the file does not exist; expected a readable file of at most 1M\n"
    )


def test_a_file_whose_name_looks_like_an_option(tmp_path):
    write(tmp_path, "")
    (tmp_path / "--help").write_text("routes: [{path: /, files: {root: public}}]\n")
    done = check("--", "--help", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "--help: fine (1 route)\n")


def test_wrong_usage_is_told_with_exit_code_2():
    for arguments in ([], ["a", "b"], ["--nonsense"]):
        done = check(*arguments)
        assert done.returncode == 2
        assert done.stdout == ""
        assert "candor check" in done.stderr


def test_help_goes_to_standard_output():
    done = check("--help")
    assert done.returncode == 0
    assert done.stdout.startswith("usage: candor check FILE\n")


def test_the_documentation_is_what_the_table_says():
    """To write it anew: build/candor docs configuration > docs/configuration.md"""
    done = subprocess.run([CANDOR, "docs", "configuration"], capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stdout == (ROOT / "docs" / "configuration.md").read_text()


def test_the_example_in_the_documentation_is_fine(tmp_path):
    page = (ROOT / "docs" / "configuration.md").read_text()
    example = page.split("```yaml\n")[1].split("```")[0]
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "404.html").write_text("gone")
    download = tmp_path / "download"
    download.mkdir()
    assert "/srv/download" in example
    write(tmp_path, example.replace("/srv/download", str(download)))
    done = check("candor.yaml", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "candor.yaml: fine (2 routes)\n")
