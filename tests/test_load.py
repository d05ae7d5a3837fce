"""A classroom: thirty visitors click at once on one machine."""

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

CLASS = 30


class Client:
    """A visitor without a browser: the same queue, the same events."""

    def __init__(self, url: str):
        self.http = httpx.Client(base_url=url, trust_env=False, timeout=120)
        info = self.http.get("/gradio_api/info").json()
        self.endpoints = info["named_endpoints"]

    def inputs(self, api: str, **chosen: object) -> list:
        """The defaults of an endpoint, with some of them chosen."""
        parameters = self.endpoints[api]["parameters"]
        unknown = chosen.keys() - {p["parameter_name"] for p in parameters}
        assert not unknown, unknown
        return [chosen.get(p["parameter_name"], p.get("parameter_default")) for p in parameters]

    def run(self, api: str, **chosen: object) -> list:
        """The last outputs of a run, or an AssertionError with the event that ended it."""
        data = {"data": self.inputs(api, **chosen)}
        ticket = self.http.post(f"/gradio_api/call{api}", json=data).raise_for_status().json()["event_id"]
        event, last = "", None
        with self.http.stream("GET", f"/gradio_api/call{api}/{ticket}") as lines:
            for line in lines.iter_lines():
                if line.startswith("event: "):
                    event = line[7:]
                elif line.startswith("data: ") and event in ("generating", "complete", "error"):
                    last = json.loads(line[6:])
        assert event == "complete", (event, last)
        return last

    def picture(self, api: str, **chosen: object) -> str:
        """The hash of the picture that a run ends with."""
        file = next(v for v in self.run(api, **chosen) if isinstance(v, dict) and "path" in v)
        found = self.http.get(f"/gradio_api/file={file['path']}").raise_for_status()
        return hashlib.sha256(found.content).hexdigest()


@pytest.fixture
def visitor(app) -> Iterator[Client]:
    client = Client(app.url)
    yield client
    client.http.close()


@pytest.mark.slow
def test_thirty_visitors_at_once_each_get_their_own(app, visitor):
    api = "/vae_faces_sample"
    visitor.picture(api, seed=10_000)  # the model is loaded from here on
    with ThreadPoolExecutor(CLASS) as room:  # the sessions, threads and buffers of a class: made once
        list(room.map(lambda k: visitor.picture(api, seed=k), range(CLASS)))
    before = app.memory()
    with ThreadPoolExecutor(CLASS + 1) as room:
        asked = [room.submit(visitor.picture, api, seed=1000 * k) for k in range(CLASS)]
        page = room.submit(httpx.get, app.url, trust_env=False, timeout=30)
        assert page.result().is_success and page.result().elapsed.total_seconds() < 5
        got = [a.result() for a in asked]
    assert len(set(got)) == CLASS
    for k in (0, 7, CLASS - 1):
        assert visitor.picture(api, seed=1000 * k) == got[k]
    assert abs(app.memory() / before - 1) < 0.1


def test_a_visitor_who_hangs_up_frees_the_device(visitor):
    api = "/vae_faces_sample"
    data = {"data": visitor.inputs(api, seed=3)}
    for _ in range(5):  # asks and leaves at once
        ticket = visitor.http.post(f"/gradio_api/call{api}", json=data).json()["event_id"]
        with visitor.http.stream("GET", f"/gradio_api/call{api}/{ticket}") as lines:
            next(lines.iter_lines())
    assert visitor.picture(api, seed=4)
