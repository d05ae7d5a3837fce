"""Files of Hub repositories, fetched by huggingface_hub, and one sentence for each thing that can go wrong.

huggingface_hub resumes what breaks, keeps files in its cache, and reads HF_HOME, HF_TOKEN, HF_ENDPOINT and
HF_HUB_OFFLINE. Alone it retries for 23 seconds before it says that there is no network or that the Hub is
busy; so we ask first, once, and download after a good answer. It is imported by the first call that needs it.
"""

import errno
import re
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from genmodels.errors import Problem
from genmodels.settings import settings

PATIENCE = 3.0  # seconds to find out whether the Hub is there at all
PIECE = 1 << 20  # bytes between two signs of progress, and lost at most when a connection breaks

Progress = Callable[[int, int], None]  # bytes so far, bytes in all (0 if unknown)


class Published(NamedTuple):
    """What the Hub says of a file before it sends it."""

    file: str
    size: int  # 0 if it does not say
    sha256: str  # "" for small files, which git keeps under another hash


def check_online(name: str) -> None:
    """A Problem within seconds if there is nobody to ask for `name`."""
    from huggingface_hub import constants

    if settings.offline or constants.HF_HUB_OFFLINE or not reachable(constants.ENDPOINT):
        raise Problem("offline", name=name)


def reachable(url: str) -> bool:
    """Whether anybody answers there, or at the proxy on the way. A dead name server cannot hold us up."""
    parts = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if proxy and not proxy_bypass(parts.hostname or ""):
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    address = (parts.hostname, parts.port or (443 if parts.scheme == "https" else 80))
    answered = threading.Event()

    def knock() -> None:
        with suppress(OSError), socket.create_connection(address, PATIENCE):
            answered.set()

    thread = threading.Thread(target=knock, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return answered.is_set()


def ask(repo: str, file: str, revision: str | None) -> Published:
    """What the Hub has under this name. Asked once: what fails says so at once."""
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url

    with explained(repo, file, revision):
        url = hf_hub_url(repo, file, revision=revision, endpoint=constants.ENDPOINT)
        found = get_hf_file_metadata(url, endpoint=constants.ENDPOINT)
    if not found.commit_hash or not found.etag:  # the login page of a hotel, say
        raise Problem("not_hub", endpoint=constants.ENDPOINT)
    return Published(file, found.size or 0, found.etag if is_sha256(found.etag) else "")


def is_sha256(text: str) -> bool:
    return re.fullmatch("[0-9a-f]{64}", text) is not None


def check_room(name: str, need: int) -> None:
    """A Problem if the disk of the cache has less than `need` bytes."""
    if free_on_disk() < need:
        raise no_room(name, need)


def no_room(name: str, need: int) -> Problem:
    from huggingface_hub import constants

    sizes = {"need": f"{need / 1e6:.1f} MB", "free": f"{free_on_disk() / 1e6:.1f} MB"}
    return Problem("disk", name=name, folder=constants.HF_HUB_CACHE, **sizes)


def free_on_disk() -> int:
    from huggingface_hub import constants

    place = Path(constants.HF_HUB_CACHE).absolute()
    return shutil.disk_usage(next(p for p in (place, *place.parents) if p.exists())).free


def get(
    repo: str,
    published: Published,
    revision: str | None,
    progress: Progress | None = None,
    again: bool = False,
) -> Path:
    """The file in the cache, complete. `again`: fetched even if it is there."""
    from huggingface_hub import constants, hf_hub_download

    # Plain HTTP, because hf_xet waits for minutes and says nothing where a firewall blocks its servers.
    constants.HF_HUB_DISABLE_XET = True
    constants.DOWNLOAD_CHUNK_SIZE = PIECE
    with explained(repo, published.file, revision, published.size):
        path = hf_hub_download(
            repo,
            published.file,
            revision=revision,
            endpoint=constants.ENDPOINT,
            tqdm_class=bar(progress or (lambda done, total: None), published.size),
            force_download=again,
        )
    return Path(path)


def bar(progress: Progress, total: int) -> type:
    """A tqdm class that draws nothing and tells `progress`. Of two bars the one that is ahead counts."""
    from tqdm import tqdm

    most = 0

    class Bar(tqdm):
        def __init__(self, *args: Any, **kwargs: Any):
            super().__init__(*args, **kwargs | {"disable": True})

        def update(self, n: float | None = 1) -> None:
            nonlocal most
            self.n += n or 0
            if self.n > most:
                most = int(self.n)
                progress(min(most, total) if total else most, total)

    return Bar


def push(folder: Path, repo: str, token: str | None, private: bool) -> str:
    """Make the model repo if there is none, and put the folder's files into it. Returns its address."""
    from huggingface_hub import HfApi, constants

    check_online(repo)
    api = HfApi(endpoint=constants.ENDPOINT, token=token)
    with explained(repo):
        url = api.create_repo(repo, private=private, exist_ok=True)
        api.upload_folder(repo_id=repo, folder_path=folder, commit_message=f"Upload {folder.name}")
    return str(url)


@contextmanager
def explained(repo: str, file: str = "", revision: str | None = None, size: int = 0) -> Iterator[None]:
    """Errors of huggingface_hub 1.x and 2.x (which rest on httpx and httpx2) as Problems."""
    from huggingface_hub import errors

    try:
        yield
    except (errors.HTTPError, OSError) as e:
        raise problem_of(e, repo, file, revision or "main", size) from e
    except errors.HFValidationError as e:
        raise Problem("unknown", name=repo) from e


def problem_of(e: BaseException, repo: str, file: str, revision: str, size: int) -> Problem:
    from huggingface_hub import constants, errors

    if isinstance(e, errors.LocalEntryNotFoundError) and e.__cause__:
        e = e.__cause__  # "not in the cache either" hides why it could not be fetched
    if isinstance(e, errors.HfHubHTTPError):
        return problem_of_status(e.response.status_code, e, repo, file, revision)
    if isinstance(e, OSError) and e.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return no_room(repo, size)
    if isinstance(e, OSError) and e.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Problem("read_only", folder=constants.HF_HUB_CACHE)
    if isinstance(e, errors.OfflineModeIsEnabled) or "Connect" in type(e).__name__:
        return Problem("offline", name=repo)
    if "Timeout" in type(e).__name__:
        return Problem("slow", name=repo, seconds=constants.HF_HUB_DOWNLOAD_TIMEOUT)
    return Problem("cut", name=repo)


def problem_of_status(status: int, e: BaseException, repo: str, file: str, revision: str) -> Problem:
    """The Hub answers 401 for what does not exist as well: it does not tell strangers which it is."""
    from huggingface_hub import errors

    if isinstance(e, errors.GatedRepoError) or status in (401, 403):
        return Problem("gated", name=repo)
    if status == 404:
        return Problem("not_found", name=repo, file=file, revision=revision)
    return Problem("busy", name=repo) if status == 429 else Problem("server", name=repo, status=status)
