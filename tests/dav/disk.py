# SPDX-License-Identifier: MIT
"""A disk that fails while a test says so.

The kernel asks here before each fsync and rename of the server (seccomp_unotify(2)), and before the
store's writes and flushes where a test names these, and this answers with an error or lets it go
on. It needs no privilege and no tool; tracing would need both.
"""
import contextlib
import ctypes
import errno
import fcntl
import os
import platform
import select
import socket
import struct
import threading

import harness

MACHINE = platform.machine()
NUMBERS = {"x86_64": {74: "fsync", 264: "rename", 316: "rename", 18: "pwrite", 75: "fdatasync"},
           "aarch64": {82: "fsync", 38: "rename", 276: "rename", 68: "pwrite", 83: "fdatasync"}}
CALLS = NUMBERS.get(MACHINE)
FILES, STORE = ("fsync", "rename"), ("pwrite", "fdatasync")
SECCOMP = {"x86_64": 317, "aarch64": 277}.get(MACHINE)
LOAD_NUMBER, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, ASK = 0x7FFF0000, 0x7FC00000
PR_SET_NO_NEW_PRIVS, SET_MODE_FILTER, NEW_LISTENER = 38, 1, 8
RECEIVE, SEND, GO_ON = 0xC0502100, 0xC0182101, 1
QUESTION, ANSWER = struct.Struct("QIIiIQ6Q"), struct.Struct("QqiI")


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


class Disk:
    """calls: those that are asked for. failing: a function of the call's name and a path: what
    is written or flushed, or the folder in which a name changes. True: it fails with EIO; a number:
    with that; an Event: it goes on when that is set, and other calls do meanwhile."""

    def __init__(self, calls):
        self.calls = calls
        self.failing = lambda call, path: False
        self.here, self.there = socket.socketpair()

    def install(self):
        """Runs in the child, before the program."""
        steps = [(LOAD_NUMBER, 0, 0, 0)]
        for number in (n for n, call in CALLS.items() if call in self.calls):
            steps += [(JUMP_IF_EQUAL, 0, 1, number), (RETURN, 0, 0, ASK)]
        steps.append((RETURN, 0, 0, ALLOW))
        program = Program(len(steps), b"".join(struct.pack("HBBI", *step) for step in steps))
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        listener = libc.syscall(SECCOMP, SET_MODE_FILTER, NEW_LISTENER, ctypes.byref(program))
        if listener < 0:
            raise OSError(ctypes.get_errno(), "the filter was refused")
        socket.send_fds(self.there, [b"x"], [listener])

    def watch(self):
        _, (self.listener,), _, _ = socket.recv_fds(self.here, 1, 1)
        self.here.close()
        self.there.close()
        threading.Thread(target=self._answer, daemon=True).start()

    def _answer(self):
        poll = select.poll()
        poll.register(self.listener, select.POLLIN)
        while not poll.poll()[0][1] & select.POLLHUP:
            question = bytearray(QUESTION.size)
            try:
                fcntl.ioctl(self.listener, RECEIVE, question)
                number, thread, _, call, _, _, fd, *_ = QUESTION.unpack(question)
                fails = self.failing(CALLS[call], os.readlink(f"/proc/{thread}/fd/{fd}"))
                if isinstance(fails, threading.Event):
                    threading.Thread(target=self._hold, args=(number, fails), daemon=True).start()
                    continue
                error = errno.EIO if fails is True else fails
                answer = (number, 0, -error, 0) if fails else (number, 0, 0, GO_ON)
                fcntl.ioctl(self.listener, SEND, ANSWER.pack(*answer))
            except OSError as error:
                if error.errno != errno.ENOENT:  # it was killed meanwhile
                    raise
        os.close(self.listener)

    def _hold(self, number, until):
        until.wait()
        with contextlib.suppress(OSError):  # it was killed meanwhile
            fcntl.ioctl(self.listener, SEND, ANSWER.pack(number, 0, 0, GO_ON))


class Server(harness.Server):
    """A server on such a disk. `with server.failing(lambda call, path: ...):` it fails."""

    def __init__(self, root, calls=FILES, **options):
        self.root, self.disk = root, Disk(calls)
        started = threading.Thread(target=self.disk.watch)  # the store is flushed at the start
        started.start()
        super().__init__(root, before=self.disk.install, **options)
        started.join()

    @contextlib.contextmanager
    def failing(self, which):
        before, self.disk.failing = self.disk.failing, which
        try:
            yield self
        finally:
            self.disk.failing = before
