"""A Hub on the loopback: what huggingface_hub asks of the real one, with faults on demand.

    with FakeHub() as hub:
        hub.put("someone/model", {"config.json": b"{}", "model.safetensors": data})
        hub.faults.cut = 1000            # the next download breaks off after 1000 bytes
        hub.url, hub.requests            # where it listens; what it was asked: (method, path, headers)

Large files live on another host (`localhost`, while the Hub is `127.0.0.1`), as they do behind the real one.
"""

import base64
import hashlib
import json
import re
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit


@dataclass
class Faults:
    """What goes wrong. Zero and empty is nothing."""

    status: int = 0  # answered to every question about a file
    code: str = ""  # X-Error-Code beside it
    cdn_status: int = 0  # answered when the bytes themselves are asked for
    cut: int = 0  # break the connection after so many bytes
    cuts: int = 1  # how many times
    pause: float = 0.0  # seconds between two pieces of a slow download
    piece: int = 1 << 20  # bytes of a piece
    body: bytes = b""  # sent instead of the weights, though announced as them
    announce: dict[str, str] = field(default_factory=dict)  # headers instead of the true ones
    portal: bool = False  # a login page answers instead of the Hub


class FakeHub(ThreadingHTTPServer):
    """One server, many repos: {repo: {path: bytes}}. Everything else is at `commit`."""

    daemon_threads = True
    commit = "c0ffee" + "0" * 34

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.cdn = f"http://localhost:{self.server_port}/cdn"
        self.repos: dict[str, dict[str, bytes]] = {}
        self.faults = Faults()
        self.requests: list[tuple[str, str, dict[str, str]]] = []

    def put(self, repo: str, files: dict[str, bytes]) -> None:
        self.repos.setdefault(repo, {}).update(files)

    def asked(self, method: str, part: str = "") -> list[dict[str, str]]:
        """Headers of the requests of this kind so far."""
        return [headers for m, path, headers in self.requests if m == method and part in path]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""

    def __enter__(self) -> "FakeHub":
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeHub

    def log_message(self, *args: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.route("HEAD")

    def do_GET(self) -> None:
        self.route("GET")

    def do_POST(self) -> None:
        self.route("POST")

    def route(self, method: str) -> None:
        path = unquote(urlsplit(self.path).path)
        self.server.requests.append((method, path, dict(self.headers)))
        if self.server.faults.portal:
            return self.answer(200, b"<html>Please log in</html>", {"Content-Type": "text/html"})
        if match := re.fullmatch(r"/([^/]+/[^/]+)/resolve/(.+?)/([^/]+|[^/]+/[^/]+)", path):
            return self.resolve(*match.groups())
        if match := re.fullmatch(r"/cdn/([0-9a-f]{64})", path):
            return self.send_bytes(match[1])
        if match := re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/(preupload|commit|revision)/[^/]+)?", path):
            return self.api(*match.groups())
        if path == "/api/repos/create":
            return self.create()
        if path == "/api/validate-yaml":
            self.body()
            return self.answer_json({"errors": [], "warnings": []})
        return self.answer(404)

    # Downloads

    def resolve(self, repo: str, revision: str, file: str) -> None:
        """Small files are sent, large ones (safetensors) are redirected to where they are stored."""
        faults, files = self.server.faults, self.server.repos.get(repo)
        if faults.status:
            return self.answer(faults.status, headers={"X-Error-Code": faults.code} if faults.code else {})
        if files is None:  # strangers aren't told what exists
            return self.answer(401, headers={"X-Error-Code": "RepoNotFound"})
        if revision not in ("main", self.server.commit) and not re.fullmatch(r"refs/pr/\d+", revision):
            return self.answer(404, headers={"X-Error-Code": "RevisionNotFound"})
        headers = {"X-Repo-Commit": self.server.commit}
        if file not in files:
            return self.answer(404, headers=headers | {"X-Error-Code": "EntryNotFound"})
        data = files[file]
        if not file.endswith(".safetensors"):
            etag = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
            return self.answer(200, data, headers | {"ETag": f'"{etag}"'})
        sha256 = hashlib.sha256(data).hexdigest()
        headers |= {"X-Linked-Size": str(len(data)), "X-Linked-Etag": f'"{sha256}"', "ETag": '"other"'}
        headers |= {"Location": f"{self.server.cdn}/{sha256}"}
        return self.answer(302, headers=headers | faults.announce)

    def send_bytes(self, sha256: str) -> None:
        """A stored file or the rest of it, slowly, wrongly or not to the end, as the faults say."""
        faults = self.server.faults
        if faults.cdn_status:
            return self.answer(faults.cdn_status)
        stored = (data for files in self.server.repos.values() for data in files.values())
        data = faults.body or next(d for d in stored if hashlib.sha256(d).hexdigest() == sha256)
        start = int(m[1]) if (m := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))) else 0
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(data) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.end_headers()
        end = len(data)
        if faults.cut and faults.cuts:
            end, faults.cuts = min(end, start + faults.cut), faults.cuts - 1
        for at in range(start, end, faults.piece):
            time.sleep(faults.pause)
            self.wfile.write(data[at : min(end, at + faults.piece)])
            self.wfile.flush()
        self.close_connection = end < len(data)

    # Uploads

    def create(self) -> None:
        asked = json.loads(self.body())
        repo = f"{asked.get('organization', 'someone')}/{asked['name']}"
        if self.headers.get("Authorization") != "Bearer good":
            return self.answer(401)
        self.server.put(repo, {})
        return self.answer_json({"url": f"{self.server.url}/{repo}", "id": repo, "name": repo})

    def api(self, repo: str, action: str | None) -> None:
        if repo not in self.server.repos:
            return self.answer(404, headers={"X-Error-Code": "RepoNotFound"})
        if action == "preupload":
            files = json.loads(self.body())["files"]
            modes = [{"path": f["path"], "uploadMode": "regular", "shouldIgnore": False} for f in files]
            return self.answer_json({"files": modes})
        if action == "commit":
            for line in self.body().splitlines():
                item = json.loads(line)
                if item["key"] == "file":
                    content = base64.b64decode(item["value"]["content"])
                    self.server.put(repo, {item["value"]["path"]: content})
            url = f"{self.server.url}/{repo}/commit/{self.server.commit}"
            return self.answer_json({"commitOid": self.server.commit, "commitUrl": url, "success": True})
        siblings = [{"rfilename": file} for file in self.server.repos[repo]]
        facts = {"id": repo, "sha": self.server.commit, "private": False, "tags": [], "siblings": siblings}
        return self.answer_json(facts | {"downloads": 0, "likes": 0})

    def body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def answer_json(self, value: Any) -> None:
        self.answer(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def answer(self, status: int, data: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
