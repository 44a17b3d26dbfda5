# SPDX-License-Identifier: MIT
"""strace on a running server: to see its system calls, or to make them fail."""
import signal
import subprocess

import pytest


class Trace:
    """From the moment that it sees everything to end(), or to the end of the block."""

    def __init__(self, server, *options, output="/dev/null"):
        self.process = subprocess.Popen(
            ["strace", "-f", "-o", str(output), *options, "-p", str(server.process.pid)],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline()
        if "attached" not in line:
            self.process.kill()
            self.process.wait()
            pytest.skip(f"this system does not let programs be traced: {line.strip()}")

    def end(self):
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=20)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


def failing(server, what):
    """These system calls of the server's fail: as strace writes it, "fsync:error=EIO"."""
    return Trace(server, "-e", f"inject={what}")
