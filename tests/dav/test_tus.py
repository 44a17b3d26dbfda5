# SPDX-License-Identifier: MIT
"""npm's tus-js-client uploads by the IETF's draft, is cut off midway, and goes on."""
import os
import re
import socket
import threading

import pytest

import npm
from site_of_dav import Server, config, settle

SIZE = 3_000_000

UPLOAD = """
import { createRequire } from "node:module";
import { createReadStream, readFileSync } from "node:fs";
import { PassThrough } from "node:stream";
const [, , where, endpoint, file, options_] = process.argv;
const tus = createRequire(where)("tus-js-client");
const { streams, gives_up, ...options } = JSON.parse(options_);
const content = streams ? createReadStream(file).pipe(new PassThrough()) : readFileSync(file);
const told = await new Promise(resolve => {
    const upload = new tus.Upload(content, {
        endpoint,
        retryDelays: [0, 0, 0, 0],
        metadata: { filename: "a film.bin" },
        ...options,
        onChunkComplete: () => gives_up && upload.abort(true).then(() => resolve({ gone: true })),
        onError: error => resolve({ error: String(error) }),
        onSuccess: () => resolve({ url: upload.url }),
    });
    upload.start();
});
console.log(JSON.stringify(told));
"""


class Cutter:
    """Between client and server: it cuts each connection off, in both directions at once, that has
    brought as many bytes as the next of the cuts says; when there are no more it only passes on."""

    def __init__(self, port, cuts, answers_kept=0):
        self.target, self.cuts, self.brought, self.heads = port, list(cuts), 0, []
        self.answers_kept = answers_kept  # so many of files that are complete are kept back
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.target))
            threading.Thread(target=self._bring, args=(client, server), daemon=True).start()
            threading.Thread(target=self._answer, args=(server, client), daemon=True).start()

    def _bring(self, client, server):
        count = 0
        try:
            while data := client.recv(65536):
                with self.lock:
                    self.heads += re.findall(rb"(?:POST|PATCH|HEAD) \S+(?= HTTP/1\.1\r\n)", data)
                    is_cut = self.cuts and count + len(data) > self.cuts[0]
                    if is_cut:
                        data = data[:self.cuts.pop(0) - count]
                    self.brought += len(data)
                server.sendall(data)
                count += len(data)
                if is_cut:
                    break
            server.shutdown(socket.SHUT_RDWR)
            client.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def _answer(self, server, client):
        try:
            while data := server.recv(65536):
                if self.answers_kept and b"Upload-Complete: ?1" in data:
                    self.answers_kept -= 1
                    break
                client.sendall(data)
            client.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


@pytest.fixture(scope="module")
def tus():
    return npm.module("tus-js-client@4")


@pytest.fixture
def root(tmp_path):
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


@pytest.fixture
def server(root):
    with Server(root, config=config()) as server:
        yield server


@pytest.fixture
def content(tmp_path):
    content = os.urandom(SIZE)
    (tmp_path / "content").write_bytes(content)
    return content


def upload(tus, port, tmp_path, protocol, **options):
    return npm.node(UPLOAD, tus, f"http://127.0.0.1:{port}/", str(tmp_path / "content"),
                    npm.json.dumps({"protocol": f"ietf-draft-0{protocol}", **options}))


@pytest.mark.parametrize("protocol", [3, 5])
@pytest.mark.parametrize("options", [
    {}, {"chunkSize": 700_000}, {"uploadDataDuringCreation": True},
    {"uploadDataDuringCreation": True, "chunkSize": 700_000}])
def test_upload_arrives(server, root, content, tmp_path, tus, protocol, options):
    told = upload(tus, server.port, tmp_path, protocol, **options)
    assert "error" not in told
    assert os.listdir(root) == ["a film.bin"]
    assert (root / "a film.bin").read_bytes() == content


@pytest.mark.parametrize("protocol", [3, 5])
@pytest.mark.parametrize("options, cuts", [
    ({}, [1_000_000]), ({}, [800_000, 900_000, 700_000]), ({"chunkSize": 1_000_000}, [500_000])])
def test_upload_that_is_cut_off_goes_on_from_where_it_was(server, root, content, tmp_path, tus,
                                                          protocol, options, cuts):
    with Cutter(server.port, cuts) as cutter:
        told = upload(tus, cutter.port, tmp_path, protocol, **options)
        assert "error" not in told
        assert not cutter.cuts
        kinds = [head.split()[0] for head in cutter.heads]
        assert kinds.count(b"POST") == 1 and kinds.count(b"HEAD") == len(cuts)
        assert cutter.brought < SIZE + sum(cuts)  # what came before a cut was not sent again
    assert os.listdir(root) == ["a film.bin"]
    assert (root / "a film.bin").read_bytes() == content


@pytest.mark.parametrize("protocol", [3, 5])
def test_stream_whose_length_nobody_knows_arrives(server, root, content, tmp_path, tus, protocol):
    told = upload(tus, server.port, tmp_path, protocol, streams=True, uploadLengthDeferred=True,
                  chunkSize=700_000)
    assert "error" not in told and (root / "a film.bin").read_bytes() == content


def test_upload_that_is_given_up_leaves_nothing(server, root, content, tmp_path, tus):
    assert upload(tus, server.port, tmp_path, 5, gives_up=True, chunkSize=700_000) == {"gone": True}
    settle(server, root)
    assert os.listdir(root) == []


def test_lost_last_answer_makes_no_second_file(server, root, content, tmp_path, tus):
    with Cutter(server.port, [], answers_kept=1) as cutter:
        told = upload(tus, cutter.port, tmp_path, 5)
        assert "error" not in told and not cutter.answers_kept
        assert [head.split()[0] for head in cutter.heads] == [b"POST", b"PATCH", b"HEAD"]
    assert os.listdir(root) == ["a film.bin"]
    assert (root / "a film.bin").read_bytes() == content


@pytest.mark.parametrize("protocol", [3, 5])
def test_empty_file_arrives(server, root, tmp_path, tus, protocol):
    (tmp_path / "content").write_bytes(b"")
    assert "error" not in upload(tus, server.port, tmp_path, protocol)
    assert os.listdir(root) == ["a film.bin"] and (root / "a film.bin").stat().st_size == 0


def test_name_may_be_told_by_slug(server, root, content, tmp_path, tus):
    told = upload(tus, server.port, tmp_path, 5, headers={"Slug": "other.bin"}, metadata={})
    assert "error" not in told and os.listdir(root) == ["other.bin"]
    settle(server, root)
