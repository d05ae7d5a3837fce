"""Names to verified folders: every way a download fails, against a Hub on the loopback."""

import errno
import hashlib
import json
import os
import pickle
import resource
import shutil
import socket
import struct
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from huggingface_hub import constants, file_download
from huggingface_hub.utils import close_session
from safetensors.torch import save, save_file
from torch import nn

from genmodels import download, hub, safefile
from genmodels.errors import MESSAGES, Problem
from genmodels.model import Model
from genmodels.settings import configure
from tests.fakehub import FakeHub, Faults

REPO = "someone/tiny"


@dataclass(frozen=True)
class TinyConfig:
    dim: int = 8


class Tiny(Model):
    Config = TinyConfig

    def __init__(self, config: TinyConfig):
        super().__init__(config)
        self.line = nn.Linear(config.dim, 16384)  # half a megabyte: many pieces of a download


CONFIG = json.dumps({"_class_name": "Tiny", "dim": 8}).encode()
STATE = {"line.weight": torch.arange(131072.0).reshape(16384, 8), "line.bias": torch.ones(16384)}
WEIGHTS = save(STATE, metadata={"format": "pt"})
SHA256 = hashlib.sha256(WEIGHTS).hexdigest()
FACTS = {"revision": FakeHub.commit, "size": len(WEIGHTS), "sha256": SHA256}
KNOWN = hub.Checkpoint(REPO, "Tiny", "MIT", "none", **FACTS)


@pytest.fixture(scope="module")
def server():
    with FakeHub() as server:
        yield server


@pytest.fixture
def fake(server, tmp_path, monkeypatch):
    """The fake Hub with one good repo, an empty cache, a bundled checkpoint, no variables of the user's."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith(("HF_", "HUGGING")):
            monkeypatch.delenv(name)
    url = server.url
    monkeypatch.setattr(constants, "ENDPOINT", url)
    template = url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", constants.DOWNLOAD_CHUNK_SIZE)  # to be put back
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", constants.HF_HUB_DISABLE_XET)
    monkeypatch.setattr(download, "PIECE", 1 << 16)
    monkeypatch.setattr(constants, "HF_HUB_DOWNLOAD_TIMEOUT", 5)
    monkeypatch.setattr(file_download, "time", SimpleNamespace(sleep=lambda s: None))  # between its retries
    monkeypatch.setattr(hub, "WEIGHTS", tmp_path / "weights")
    save_file(STATE, folder(tmp_path / "weights" / "tiny") / "model.safetensors")
    server.faults, server.repos = Faults(), {}
    server.requests.clear()
    server.put(REPO, {"config.json": CONFIG, "model.safetensors": WEIGHTS})
    close_session()
    yield server
    close_session()
    configure()


def folder(path: Path) -> Path:
    path.mkdir(parents=True)
    (path / "config.json").write_bytes(CONFIG)
    return path


def fails(cause: str, name: str | hub.Checkpoint = KNOWN, **facts: object) -> Problem:
    """Loading `name` is a Problem with this cause that says so in its words, and leaves nothing to load."""
    with pytest.raises(Problem) as caught:
        Tiny.from_pretrained(name)
    problem = caught.value
    assert problem.cause == cause, problem
    assert facts.items() <= problem.facts.items()
    assert str(problem) == MESSAGES[cause].format(**problem.facts)
    assert loads("tiny")  # the bundled one is always there
    return problem


def loads(name: str | hub.Checkpoint) -> bool:
    model = Tiny.from_pretrained(name)
    return all(torch.equal(value, STATE[key]) for key, value in model.state_dict().items())


# Where names lead


def test_a_download_arrives_is_counted_and_is_kept(fake):
    seen = []
    path = hub.folder(KNOWN, lambda done, total: seen.append((done, total)))
    assert (path / "model.safetensors").read_bytes() == WEIGHTS
    assert seen == sorted(seen) and seen[-1] == (len(WEIGHTS), len(WEIGHTS)) and len(seen) > 5
    fake.requests.clear()
    assert hub.folder(KNOWN) == path and hub.cached(KNOWN) == path / "model.safetensors"
    assert not fake.requests and loads(KNOWN)


@pytest.mark.parametrize("file", hub.USUAL_FILES)
def test_a_bare_name_is_main_and_a_usual_file(fake, file):
    fake.repos = {}
    fake.put("other/model", {"config.json": CONFIG, file: WEIGHTS})
    assert hub.cached("other/model") is None
    assert loads("other/model")
    fake.requests.clear()
    assert loads("other/model") and not fake.requests


def test_subfolder_and_pull_request(fake):
    fake.put(REPO, {"vae/config.json": CONFIG, "vae/model.safetensors": WEIGHTS})
    wanted = replace(KNOWN, subfolder="vae", revision="refs/pr/1")
    assert hub.folder(wanted).name == "vae" and loads(wanted)
    fake.requests.clear()
    assert loads(wanted) and not fake.requests


def test_what_lies_beside_comes_too(fake):
    wanted = replace(KNOWN, also=("preprocessor_config.json",))
    fails("not_found", wanted, file="preprocessor_config.json")
    assert not fake.asked("GET", "/cdn/")
    assert loads(KNOWN) and hub.cached(wanted) is None  # cached, but not all of it
    fake.put(REPO, {"preprocessor_config.json": b"{}"})
    assert (hub.folder(wanted) / "preprocessor_config.json").read_bytes() == b"{}"
    fake.requests.clear()
    assert loads(wanted) and hub.cached(wanted) and not fake.requests


def test_a_path_comes_first_then_weights_then_the_cache(fake, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert hub.folder(tmp_path / "weights" / "tiny") == tmp_path / "weights" / "tiny"
    assert hub.folder("tiny") == tmp_path / "weights" / "tiny"
    save_file(STATE, folder(tmp_path / REPO) / "model.safetensors")
    assert hub.folder(REPO) == Path(REPO)
    assert hub.folder(KNOWN) == tmp_path / "cache/models--someone--tiny/snapshots" / FakeHub.commit
    assert [path for _, path, _ in fake.requests if REPO not in path and "/cdn/" not in path] == []


@pytest.mark.parametrize("name", ["nothing-like-it", "a/b/c", "a/..", "--/x", ""])
def test_names_that_cannot_be(fake, name):
    with pytest.raises(Problem) as caught:
        hub.folder(name)
    assert caught.value.cause in ("unknown", "no_weights") and not fake.requests


def test_other_files_of_a_folder_are_not_the_weights(fake, tmp_path):
    here = tmp_path / "weights" / "tiny"
    save_file({"x": torch.zeros(1)}, here / "golden.safetensors")
    assert hub.weights_file(here).name == "model.safetensors"
    (here / "model.safetensors").unlink()
    with pytest.raises(Problem, match=r"has no model\.safetensors"):
        hub.folder("tiny")


# What the Hub may answer


def test_no_such_file(fake):
    del fake.repos[REPO]["model.safetensors"]
    fails("not_found", file="model.safetensors")
    fails("not_found", REPO)


def test_no_such_revision(fake):
    fails("not_found", replace(KNOWN, revision="0" * 40), revision="0" * 40)


@pytest.mark.parametrize(
    ("status", "code", "cause"),
    [
        (401, "RepoNotFound", "gated"),
        (401, "", "gated"),
        (401, "GatedRepo", "gated"),
        (403, "GatedRepo", "gated"),
        (403, "", "gated"),
        (404, "RepoNotFound", "not_found"),
        (404, "", "not_found"),
        (429, "", "busy"),
        (500, "", "server"),
        (503, "", "server"),
    ],
)
def test_bad_status(fake, status, code, cause):
    fake.faults = Faults(status=status, code=code)
    start = time.perf_counter()
    fails(cause)
    assert time.perf_counter() - start < 2
    assert len(fake.asked("HEAD")) == 1  # asked once, not for 23 seconds
    fake.faults = Faults()
    assert loads(KNOWN)


@pytest.mark.parametrize(("status", "cause"), [(403, "gated"), (500, "server")])
def test_bad_status_of_the_bytes(fake, status, cause):
    fake.faults = Faults(cdn_status=status)
    fails(cause)


def test_a_login_page_instead_of_the_hub(fake):
    fake.faults = Faults(portal=True)
    fails("not_hub", endpoint=fake.url)


def test_a_token_of_the_environment_is_sent(fake, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    hub.folder(KNOWN)
    assert all(h["authorization"] == "Bearer hf_secret" for h in fake.asked("HEAD", "resolve"))
    assert all("authorization" not in h for h in fake.asked("GET", "/cdn/"))  # never to another host


# What may happen on the way


def test_a_cut_download_goes_on_where_it_broke(fake):
    fake.faults = Faults(cut=200_000, cuts=2)
    while hub.cached(KNOWN) is None and len(fake.asked("GET", "/cdn/")) < 3:
        with suppress(Problem):  # huggingface_hub 2 goes on by itself, 1 when the visitor tries again
            hub.folder(KNOWN)
    assert loads(KNOWN)
    starts = [headers.get("Range") for headers in fake.asked("GET", "/cdn/")]
    assert starts == [None, "bytes=196608-", "bytes=393216-"]  # whole chunks of 65536


def test_a_connection_that_always_breaks(fake):
    fake.faults = Faults(cut=1000, cuts=1000)
    fails("cut")
    assert hub.cached(KNOWN) is None
    fake.faults = Faults()
    assert loads(KNOWN)


def test_a_download_that_stops_moving(fake, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_DOWNLOAD_TIMEOUT", 0.1)
    fake.faults = Faults(pause=0.3, piece=1000)
    fails("slow", seconds=0.1)
    assert hub.cached(KNOWN) is None


def test_xet_is_not_used(fake):
    """Its servers are other ones, and where a firewall blocks them hf_xet waits without end."""
    route = {"X-Xet-Hash": "a" * 64, "X-Xet-Refresh-Route": f"{fake.url}/api/models/{REPO}/xet-read-token/x"}
    fake.faults = Faults(announce=route)
    assert loads(KNOWN) and not any("xet" in path for _, path, _ in fake.requests)


def test_a_slow_drip_is_only_slow(fake):
    fake.faults = Faults(pause=0.01, piece=1 << 14)
    assert loads(KNOWN)


def test_a_visitor_who_leaves_during_a_download(fake):
    def leave(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hub.folder(KNOWN, leave)
    assert hub.cached(KNOWN) is None
    assert loads(KNOWN)


# What may arrive


def test_other_weights_than_the_known_are_not_even_fetched(fake):
    fails("size", replace(KNOWN, size=12345), size=len(WEIGHTS), expected=12345)
    fails("hash", replace(KNOWN, sha256="0" * 64), expected="0" * 64)
    assert not fake.asked("GET", "/cdn/")


def test_fewer_or_more_bytes_than_announced(fake):
    for body in (WEIGHTS[:-100], WEIGHTS + b"more"):
        fake.faults = Faults(body=body)
        fails("cut")
        fails("cut", REPO)


def test_other_bytes_of_the_same_size(fake):
    fake.faults = Faults(body=WEIGHTS[:-1] + b"\x40")
    fails("hash", expected=SHA256)
    fails("hash", REPO, expected=SHA256)  # known from the Hub itself
    fails("hash", expected=SHA256)  # and no better the second time
    fake.faults = Faults()
    assert loads(KNOWN) and loads(REPO)  # fetched again


HEADER_OF_2_GIB = struct.pack("<Q", 2 << 30) + b"{" + b" " * 100
NANS = save(STATE | {"line.bias": torch.full((16384,), float("nan"))})
TRUNCATED = WEIGHTS[:-100]
ZIP = b"PK\x03\x04" + b"\0" * 100


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"", "truncated"),
        (b"abc", "truncated"),
        (TRUNCATED, "truncated"),
        (WEIGHTS[:50], "truncated"),
        (HEADER_OF_2_GIB, "header"),
        (b"\xff" * 64, "header"),
        (WEIGHTS + b"more", "header"),
        (WEIGHTS.replace(b'"shape":[16384]', b'"shape":[16383]'), "header"),
        (struct.pack("<Q", 2) + b"[]", "header"),
        (struct.pack("<Q", 7) + b'{"a":1}', "header"),
        (struct.pack("<Q", 8) + b'{"a": {}', "header"),
        (struct.pack("<Q", 100_000) + b"[" * 100_000, "header"),
        (pickle.dumps({"line.weight": [1.0] * 20}), "pickle"),
        (ZIP, "pickle"),
        (NANS, "nan"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)}-bytes",
)
def test_files_that_are_not_what_they_seem(fake, tmp_path, data, cause):
    """From the Hub, where even its hash is right, and in a local folder."""
    fake.put("evil/model", {"config.json": CONFIG, "model.safetensors": data})
    if data:  # huggingface_hub itself does not fetch an empty file
        assert "model.safetensors" in str(fails(cause, "evil/model"))
    (folder(tmp_path / "evil") / "model.safetensors").write_bytes(data)
    assert "model.safetensors" in str(fails(cause, str(tmp_path / "evil")))


def test_overlapping_tensors_are_refused(tmp_path):
    entry = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    text = json.dumps({"a": entry, "b": entry | {"data_offsets": [4, 12]}}).encode()
    path = tmp_path / "model.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"\0" * 12)
    with pytest.raises(Problem, match="overlap or leave a gap at byte 8"):
        safefile.verify(path)


def test_the_header_tells_what_a_model_will_take(tmp_path):
    save_file(
        {"a": torch.zeros(10, dtype=torch.float16), "n": torch.zeros(3, dtype=torch.int64)}, tmp_path / "x"
    )
    assert safefile.parameters(tmp_path / "x") == 13
    assert safefile.bytes_in_memory(tmp_path / "x", 4) == 40 + 24


def test_a_file_that_changes_on_this_disk_is_not_loaded(fake, monkeypatch):
    path = hub.folder(KNOWN) / "model.safetensors"
    with path.open("r+b") as f:  # through the link, into the blob
        f.seek(-1, os.SEEK_END)
        f.write(b"\x40")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    fails("hash")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    assert loads(KNOWN)  # with the Hub at hand it heals


def test_a_file_is_hashed_once(fake, monkeypatch):
    hashed = []
    monkeypatch.setattr(safefile, "hash_of", lambda path: hashed.append(path) or SHA256)
    for _ in range(3):
        hub.folder(KNOWN)
    assert len(hashed) == 1


# What this machine may lack


def test_a_full_disk_is_known_before(fake, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=100_000))
    problem = fails("disk", need="0.6 MB", free="0.1 MB")
    assert "HF_HOME" in str(problem) and not fake.asked("GET")


def test_a_disk_that_fills_up_during_the_download(fake):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(Problem) as caught:
            hub.folder(KNOWN)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.cause == "disk" and caught.value.__cause__.errno == errno.EFBIG
    assert hub.cached(KNOWN) is None
    assert loads("tiny") and loads(KNOWN)


def test_a_cache_that_cannot_be_written(fake, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(file_download, "_download_to_tmp_and_move", refuse)
    fails("read_only", folder=constants.HF_HUB_CACHE)


def test_no_network(fake, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setattr(constants, "ENDPOINT", closed)
    start = time.perf_counter()
    fails("offline")
    assert time.perf_counter() - start < 1


def test_a_name_server_that_is_silent(fake, monkeypatch):
    monkeypatch.setattr(download, "PATIENCE", 0.2)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: time.sleep(1) or [])
    start = time.perf_counter()
    fails("offline")
    assert time.perf_counter() - start < 0.9


def test_the_proxy_is_knocked_at_instead(fake, monkeypatch):
    monkeypatch.setenv("http_proxy", f"127.0.0.1:{fake.server_port}")
    assert download.reachable("http://nowhere.invalid")
    monkeypatch.setenv("no_proxy", "nowhere.invalid")
    assert not download.reachable("http://nowhere.invalid")


@pytest.mark.parametrize("how", ["settings", "environment"])
def test_told_to_stay_offline(fake, monkeypatch, how):
    hub.folder(KNOWN)
    if how == "settings":
        configure(offline=True)
    else:
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    fake.requests.clear()
    assert loads(KNOWN)
    fails("offline", "other/model")
    assert not fake.requests


# Uploads, and the environment for real


def test_push(fake, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_TOKEN", "good")
    (tmp_path / "weights" / "tiny" / "README.md").write_text("---\nlicense: mit\n---\n# Tiny\n")
    assert hub.push(tmp_path / "weights" / "tiny", "me/tiny") == f"{fake.url}/me/tiny"
    assert set(fake.repos["me/tiny"]) >= {"config.json", "model.safetensors", "README.md"}
    assert loads("me/tiny")


def test_push_is_refused(fake, tmp_path):
    with pytest.raises(Problem) as caught:
        hub.push(tmp_path / "weights" / "tiny", "me/tiny", token="bad")
    assert caught.value.cause == "gated"
    (tmp_path / "weights" / "tiny" / "model.safetensors").write_bytes(ZIP)
    with pytest.raises(Problem, match="zip archive"):
        hub.push(tmp_path / "weights" / "tiny", "me/tiny", token="good")


def test_the_variables_of_huggingface_hub(fake, tmp_path):
    """In a new process: huggingface_hub reads them at its import, which `import genmodels.hub` avoids."""
    code = (
        "import sys; from genmodels import hub\n"
        "assert not {'huggingface_hub', 'torch'} & set(sys.modules)\n"
        f"print(hub.folder({REPO!r}))"
    )
    env = {"PATH": os.environ["PATH"], "HF_ENDPOINT": fake.url, "HF_HOME": str(tmp_path / "home")}
    run = [sys.executable, "-W", "error", "-c", code]
    out = subprocess.run(run, env=env, capture_output=True, text=True, cwd=Path(__file__).parent.parent)
    path = Path(out.stdout.strip())
    assert out.returncode == 0 and path.is_relative_to(tmp_path / "home"), out.stderr
    assert (path / "model.safetensors").read_bytes() == WEIGHTS
