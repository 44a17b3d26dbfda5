# SPDX-License-Identifier: MIT
"""candor passwd and candor key: files of users and of API keys."""
import hashlib
import os
import pty
import re
import select
import signal
import stat
import subprocess
import termios

import pytest

from cli.program import CANDOR, candor


def passwd(path, user, password="secret\n"):
    return subprocess.run([CANDOR, "passwd", path, user], input=password, capture_output=True,
                          text=True, timeout=30, check=False)


def is_right(entry, password):
    """Whether libxcrypt, through perl, computes the same hash."""
    kept = entry.split(":")[1]
    made = subprocess.run(["perl", "-e", "print crypt($ARGV[0], $ARGV[1])", password, kept],
                          capture_output=True, text=True, timeout=30, check=True).stdout
    return made == kept


def test_a_file_is_made_with_an_entry(tmp_path):
    file = tmp_path / "users"
    result = passwd(file, "ann")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    text = file.read_text()
    assert re.fullmatch(r"ann:\$y\$j9T\$[./0-9A-Za-z]+\$[./0-9A-Za-z]{43}\n", text)
    assert is_right(text.strip(), "secret") and not is_right(text.strip(), "secre")
    assert stat.S_IMODE(file.stat().st_mode) & 0o027 == 0
    assert os.listdir(tmp_path) == ["users"]


def test_other_lines_order_and_mode_stay(tmp_path):
    file = tmp_path / "users"
    before = ("# who\r\n\r\nbob:$apr1$x$y:a comment\r\nann:{SHA}x:keep me\r\n#ann:no\r\n"
              "anna:plain\r\nann:twice\r\ncarl:x")
    file.write_bytes(before.encode())
    file.chmod(0o604)
    assert passwd(file, "ann", "pässwörd\r\n").returncode == 0
    after = file.read_bytes().decode()
    match = re.search(r"ann:(\$y\$\S+):keep me\r\n", after)
    assert after == before.replace("{SHA}x", match.group(1)).replace("ann:twice\r\n", "")
    assert is_right(match.group(0), "pässwörd")
    assert stat.S_IMODE(file.stat().st_mode) == 0o604
    assert passwd(file, "dora").returncode == 0
    assert file.read_bytes().decode().startswith(after + "\ndora:$y$")


def test_a_link_stays_a_link_and_the_file_is_replaced_at_once(tmp_path):
    (tmp_path / "real").write_text("bob:x\n")
    (tmp_path / "link").symlink_to("real")
    with open(tmp_path / "real", encoding="utf-8") as reader:
        assert passwd(tmp_path / "link", "ann").returncode == 0
        assert reader.read() == "bob:x\n"  # whoever reads has the old one to its end
    assert (tmp_path / "link").is_symlink()
    assert "ann:$y$" in (tmp_path / "real").read_text()


@pytest.mark.parametrize("password, word", [
    ("", "a line with the password"), ("\n", "is empty"), ("a\tb\n", "control"),
    ("x" * 501 + "\n", "too long"), ("x" * 5000 + "\n", "a line with the password")])
def test_what_is_no_password_changes_nothing(tmp_path, password, word):
    result = passwd(tmp_path / "users", "ann", password)
    assert result.returncode == 1 and word in result.stderr
    assert os.listdir(tmp_path) == []


def test_what_is_no_command_line_is_told(tmp_path):
    for arguments, word in ((["passwd"], "expected"), (["passwd", "f"], "expected"),
                            (["passwd", "f", "a:b"], "colon"), (["passwd", "f", "#a"], "#"),
                            (["passwd", "f", "a", "b"], "expected"), (["key", "f"], "expected"),
                            (["key", "f", "n", "m"], "too much"), (["key", "f", "n:"], "colon"),
                            (["key", "f", "n", "--scope"], "followed"),
                            (["key", "f", "n", "--scope", "a b"], "followed"),
                            (["key", "f", "n", "--scop", "a"], "no option")):
        result = candor(*arguments)
        assert result.returncode == 2 and word in result.stderr
    for place in (tmp_path / "none/users", tmp_path, "/dev/null"):
        assert passwd(place, "ann").returncode == 1
        assert candor("key", str(place), "ci").returncode == 1


def test_two_at_once_lose_nothing(tmp_path):
    running = [subprocess.Popen([CANDOR, "key", tmp_path / "keys", f"k{i}"],
                                stdout=subprocess.DEVNULL) for i in range(20)]
    assert [child.wait(30) for child in running] == [0] * 20
    names = {line.split(":")[0] for line in (tmp_path / "keys").read_text().splitlines()}
    assert names == {f"k{i}" for i in range(20)}


def on_terminal(arguments, answers, kill=None):
    """Runs it on a terminal; what it showed, its status, and whether the echo is on again."""
    pid, terminal = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # who runs in the background ignores it
        os.execv(CANDOR, [str(CANDOR), *map(str, arguments)])
    shown = b""
    for answer in answers:
        while not shown.endswith(b": "):
            assert select.select([terminal], [], [], 30)[0]
            shown += os.read(terminal, 1000)
        shown += b"|"
        if answer is None:
            os.kill(pid, kill)
        else:
            os.write(terminal, answer.encode())
    try:
        while select.select([terminal], [], [], 30)[0] and (part := os.read(terminal, 1000)):
            shown += part
    except OSError:
        pass  # the program has closed it
    echoes = bool(termios.tcgetattr(terminal)[3] & termios.ECHO)
    status = os.waitpid(pid, 0)[1]
    os.close(terminal)
    return shown.decode(), status, echoes


def test_a_terminal_asks_twice_and_shows_nothing(tmp_path):
    shown, status, _ = on_terminal(["passwd", tmp_path / "users", "ann"], ["hush\n", "hush\n"])
    assert status == 0 and "hush" not in shown
    assert "New password: " in shown and "Once more: " in shown
    assert is_right((tmp_path / "users").read_text().strip(), "hush")
    shown, status, _ = on_terminal(["passwd", tmp_path / "users", "ann"], ["hush\n", "husk\n"])
    assert os.waitstatus_to_exitcode(status) == 1 and "not the same" in shown
    assert is_right((tmp_path / "users").read_text().strip(), "hush")


def test_a_signal_brings_the_echo_back(tmp_path):
    _, status, echoes = on_terminal(["passwd", tmp_path / "users", "ann"], [None], signal.SIGINT)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGINT
    assert echoes and os.listdir(tmp_path) == []


def test_a_key_is_shown_once_and_its_hash_kept(tmp_path):
    file = tmp_path / "keys"
    file.write_text("# keys")
    file.chmod(0o600)
    first = candor("key", str(file), "backup", "--scope", "read", "--scope", "files:write")
    second = candor("key", str(file), "backup")
    lines = file.read_text().splitlines()
    assert lines[0] == "# keys" and len(lines) == 3
    for result, line, scopes in ((first, lines[1], ":read files:write"), (second, lines[2], "")):
        assert (result.returncode, result.stderr) == (0, "")
        key = result.stdout.rstrip("\n")
        match = re.fullmatch(r"ck_([0-9a-f]{16})_[0-9a-f]{64}", key)
        assert line == f"backup:{match.group(1)}:{hashlib.sha256(key.encode()).hexdigest()}{scopes}"
    assert first.stdout != second.stdout
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
