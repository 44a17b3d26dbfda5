# SPDX-License-Identifier: MIT
"""candor check FILE: the answer, the exit code, and the page that its table makes."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CANDOR = os.environ.get("CANDOR", str(ROOT / "build" / "candor"))


def check(*arguments, cwd=None, env=None):
    return subprocess.run(
        [os.path.abspath(CANDOR), "check", *arguments],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=20,
    )


def write(folder, text):
    (folder / "public").mkdir(exist_ok=True)
    (folder / "candor.yaml").write_text(text)


def note(paths):
    """Behind what is fine: which routes answer whatever name leads to them."""
    return (f"note: for every host that leads here: {paths}; the key host says for which one, "
            "where that is not meant\n")


def test_routes_that_name_their_host_or_are_written_need_no_note(tmp_path):
    write(tmp_path, "routes:\n  - { path: /, host: a.example, files: { root: public } }\n"
                    "  - { path: /w/, files: { root: public, write: true } }\n")
    done = check("candor.yaml", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "candor.yaml: fine (2 routes)\n")


def test_a_fine_file_is_called_fine(tmp_path):
    write(tmp_path, "routes:\n  - path: /\n    files: { root: public }\n")
    done = check("candor.yaml", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (
        0, "candor.yaml: fine (1 route)\n" + note("/"), "")


def test_paths_in_the_file_are_relative_to_its_folder(tmp_path):
    write(
        tmp_path,
        "routes:\n"
        "  - { path: /, files: { root: public } }\n"
        "  - { path: /b/, files: { root: ./public } }\n",
    )
    file = str(tmp_path / "candor.yaml")
    done = check(file, cwd="/")
    assert (done.returncode, done.stdout) == (
        0, f"{file}: fine (2 routes)\n" + note("/, /b/"))


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


def test_precompressed_neighbours_where_clients_write_are_refused(tmp_path):
    text = "routes:\n  - path: /\n    files: {{ root: public, {} }}\n"
    write(tmp_path, text.format("write: true, precompressed: true"))
    done = check("candor.yaml", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (
        2,
        'candor.yaml:3:56: key "routes.files.precompressed": clients write here, and what they '
        'store as "name.gz" would answer for "name"; expected false, or no "write: true"\n',
    )
    for fine in ("write: true, precompressed: false", "write: true", "precompressed: true"):
        write(tmp_path, text.format(fine))
        assert check("candor.yaml", cwd=tmp_path).returncode == 0


def test_a_missing_file_is_told(tmp_path):
    done = check("no.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "no.yaml: the file does not exist; expected a readable file of at most 1M\n"
    )


def test_a_file_whose_name_looks_like_an_option(tmp_path):
    write(tmp_path, "")
    (tmp_path / "--help").write_text("routes: [{path: /, files: {root: public}}]\n")
    done = check("--", "--help", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "--help: fine (1 route)\n" + note("/"))


def test_wrong_usage_is_told_with_exit_code_2():
    for arguments in ([], ["a", "b"], ["--nonsense"], [""]):
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
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "candor.yaml: fine (2 routes)")


APART = "and would not know of each other's locks; expected writable folders that share nothing\n"


@pytest.mark.parametrize(
    "first, second, how",
    [
        ("public", "public", "is that of"),
        ("public", "link", "is that of"),
        ("public", "public/../public/.", "is that of"),
        ("public", "public/inner", "lies within that of"),
        ("public", "link/inner", "lies within that of"),
        ("inner", "public", "holds that of"),
    ],
)
def test_writable_routes_share_no_folder(tmp_path, first, second, how):
    """However they are written: the system tells what is the same."""
    (tmp_path / "public" / "inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to("public")
    (tmp_path / "inner").symlink_to("public/inner")
    write(
        tmp_path,
        f"routes:\n  - {{ path: /, files: {{ root: {first}, write: true }} }}\n"
        f"  - {{ path: /b/, files: {{ root: {second}, write: true }} }}\n",
    )
    done = check("candor.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        'candor.yaml:3:33: key "routes.files.root": the folder '
        f"{how} the route in line 2; both are writable, {APART}"
    )


@pytest.mark.parametrize("second", ["public", "public/inner", "public2", "."])
def test_what_is_only_read_may_be_written_by_another_route(tmp_path, second):
    (tmp_path / "public" / "inner").mkdir(parents=True)
    (tmp_path / "public2").mkdir()
    write(
        tmp_path,
        f"routes:\n  - {{ path: /, files: {{ root: public, write: true }} }}\n"
        f"  - {{ path: /b/, files: {{ root: {second} }} }}\n",
    )
    environment = dict(os.environ, STATE_DIRECTORY="/nowhere")
    assert check("candor.yaml", cwd=tmp_path, env=environment).returncode == 0


@pytest.mark.parametrize("state", ["public/candor.db", "link/inner/candor.db", "to.db"])
@pytest.mark.parametrize("writable", ["true", "false"])
def test_the_store_must_not_be_served(tmp_path, state, writable):
    (tmp_path / "public" / "inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to("public")
    (tmp_path / "to.db").symlink_to("public/candor.db")
    write(
        tmp_path,
        f"state: sqlite:{state}\n"
        f"routes:\n  - {{ path: /, files: {{ root: public, write: {writable} }} }}\n",
    )
    (tmp_path / "public" / "candor.db").touch()
    done = check("candor.yaml", cwd=tmp_path)
    assert done.returncode == 2
    at = tmp_path.resolve() / "public" / ("inner/candor.db" if "inner" in state else "candor.db")
    assert done.stderr == (
        f'candor.yaml:1:8: key "state": "{at}" lies within the folder that the route in line 3 '
        "serves; expected a file outside of every served folder\n"
    )
    serving = subprocess.run(
        [CANDOR, "serve", "--config", str(tmp_path / "candor.yaml")],
        capture_output=True, text=True, timeout=20,
    )
    assert serving.returncode == 2 and 'key "state"' in serving.stderr


def test_a_state_directory_must_not_be_served(tmp_path):
    write(tmp_path, "routes:\n  - { path: /, files: { root: public, write: true } }\n")
    environment = dict(os.environ, STATE_DIRECTORY=str(tmp_path / "public" / "state"))
    done = check("candor.yaml", cwd=tmp_path, env=environment)
    assert done.returncode == 2
    assert done.stderr.startswith('candor.yaml:2:31: key "routes.files.root": "')
    assert "lies within this folder" in done.stderr


@pytest.mark.parametrize("key", ["max_upload: 1M", "quota: 1M", "reserve: 1M",
                                 "max_members: 1", "infinite_depth: 0"])
@pytest.mark.parametrize("off", ["", "write: false, "])
def test_what_only_writable_routes_have_is_refused_elsewhere(tmp_path, key, off):
    text = f"routes:\n  - {{ path: /, files: {{ root: public, {off}{key} }} }}\n"
    write(tmp_path, text)
    done = check("candor.yaml", cwd=tmp_path)
    column = text.splitlines()[1].index(key) + 1
    assert (done.returncode, done.stderr) == (
        2, f'candor.yaml:2:{column}: key "routes.files.{key.split(":")[0]}": it can do nothing, as '
           'the route is not writable; expected "write: true" beside it, or no such key\n')
    write(tmp_path, text.replace(off + key, "write: true, " + key))
    assert check("candor.yaml", cwd=tmp_path).returncode == 0


def test_paths_are_told_beside_other_mistakes(tmp_path):
    write(tmp_path, """\
access_log: logs/access.log
state: sqlite:state/candor.db
error_pages:
  - { for: 700, file: missing.html }
  - { for: nothing, file: public }
  - { for: 404, file: large.html }
routes:
  - { path: /, files: { root: nowhere, write: true, index: a/b } }
  - { path: /a/, files: { root: candor.yaml } }
""")
    (tmp_path / "large.html").write_bytes(bytes((1 << 20) + 1))
    done = check("candor.yaml", cwd=tmp_path)
    assert done.returncode == 2
    page = "the path of a readable file of at most 1M"
    said = [line.split(": ", 1)[1] for line in done.stderr.splitlines()]
    assert [line.split(":")[1] for line in done.stderr.splitlines()] == list("1244556889")
    assert [said[n] for n in (0, 1, 3, 5, 6, 7, 9)] == [
        'key "access_log": "logs/access.log" is in a folder that does not exist; expected '
        "stderr, off or a file that can be written",
        'key "state": "state/candor.db" is in a folder that does not exist; expected sqlite: and a '
        "file that can be written, in a folder that is there",
        f'key "error_pages.file": "missing.html" does not exist; expected {page}',
        f'key "error_pages.file": "public" is a folder; expected {page}',
        f'key "error_pages.file": "large.html" is too large; expected {page}',
        'key "routes.files.root": "nowhere" does not exist; expected the path of a folder',
        'key "routes.files.root": "candor.yaml" is not a folder; expected the path of a folder',
    ]


def test_what_serve_would_refuse_this_user_is_refused_here(tmp_path):
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        folder.chmod(0o755)
    (tmp_path / "public").mkdir(mode=0o755)
    (tmp_path / "state.db").touch()
    (tmp_path / "state.db").chmod(0o600 if os.geteuid() == 0 else 0)
    write(tmp_path, "state: sqlite:state.db\naccess_log: public/log\n"
                    "routes: [ { path: /, files: { root: public } } ]\n")
    user = 65534 if os.geteuid() == 0 else None
    if user is None:
        (tmp_path / "public").chmod(0o555)
    done = subprocess.run([os.path.abspath(CANDOR), "check", "candor.yaml"], cwd=tmp_path,
                          user=user, capture_output=True, text=True, timeout=20)
    assert done.returncode == 2
    assert done.stderr == (
        'candor.yaml:1:8: key "state": "state.db" may not be written by this user; expected '
        "sqlite: and a file that can be written, in a folder that is there\n"
        'candor.yaml:2:13: key "access_log": "public/log" is in a folder that may not be written '
        "by this user; expected stderr, off or a file that can be written\n")


def test_a_folder_with_more_than_may_be_there_is_noted(tmp_path):
    """It is served, but nothing can be added."""
    (tmp_path / "public/a/b").mkdir(parents=True)
    for name in ("1", "a/2", "a/b/3"):
        (tmp_path / "public" / name).touch()
    for most, is_noted in ((4, True), (5, False), (0, False)):
        write(tmp_path, "routes:\n  - path: /\n    files: "
                        f"{{ root: public, write: true, max_members: {most} }}\n")
        done = check("candor.yaml", cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert ("more than max_members" in done.stdout) == is_noted
        assert not is_noted or "public there are" in done.stdout and "(4)" in done.stdout
