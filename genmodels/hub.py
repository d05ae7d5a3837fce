"""A name becomes a verified folder: one given by path, one of weights/, of the Hub's cache, or of the Hub.

Nothing is handed out that is not whole and, where its hash is known, byte for byte what was published.
`download` does the fetching, `safefile` the checking.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from genmodels import download, safefile
from genmodels.download import Progress
from genmodels.errors import Problem

WEIGHTS = Path(__file__).resolve().parent.parent / "weights"
USUAL_FILES = ("model.safetensors", "diffusion_pytorch_model.safetensors")  # as the Hub's libraries write


@dataclass(frozen=True)
class Checkpoint:
    """One line of a family's table of checkpoints: what a picker shows and what a download checks."""

    name: str  # a folder of weights/, or owner/repo on the Hub
    title: str  # as the picker shows it
    licence: str
    data: str  # what it was trained on
    revision: str = ""  # Hub: the full commit sha, or refs/pr/N; "" is main
    subfolder: str = ""  # Hub: where in the repo the folder lies
    file: str = "model.safetensors"  # "" is whichever of USUAL_FILES is there
    size: int = 0  # Hub: published bytes of the file, 0 if unknown
    about: int = 0  # Hub: the same as its page rounds them, where no more is known
    sha256: str = ""  # Hub: published hash of the file, "" if unknown
    also: tuple[str, ...] = ()  # Hub: other small files that the class reads
    says: tuple[tuple[str, str], ...] = ()  # Hub: fields that its config.json leaves out
    spanish: tuple[str, ...] = ()  # title and data in Spanish, where they differ

    @property
    def bundled(self) -> bool:
        return "/" not in self.name


def checkpoint(name: str | Path | Checkpoint) -> Checkpoint:
    """A bare name is a line of which nothing is known."""
    return name if isinstance(name, Checkpoint) else Checkpoint(str(name), str(name), "", "", file="")


def folder(name: str | Path | Checkpoint, progress: Progress | None = None) -> Path:
    """The local folder of a checkpoint, its weights verified. Downloads it if it must, telling `progress`."""
    wanted = checkpoint(name)
    if here := local(name):
        return verify(weights_file(here, name), wanted)
    damage = None
    if file := in_cache(wanted):
        try:
            return verify(file, wanted)
        except Problem as problem:  # it broke on this disk: fetch it again, if that is possible
            damage = problem
    try:
        file = fetch(wanted, progress, again=damage is not None)
    except Problem as problem:
        if damage and problem.cause == "offline":
            raise damage from problem
        raise
    return verify(file, wanted)


def weights_file(folder: Path, name: str | Path | Checkpoint = "") -> Path:
    """The safetensors file of a folder that is the model; others may lie beside it."""
    file = checkpoint(name).file
    for candidate in [file] if file else USUAL_FILES:
        if (folder / candidate).is_file():
            return folder / candidate
    raise Problem("no_weights", folder=str(folder), file=file or " / ".join(USUAL_FILES))


def cached(name: str | Path | Checkpoint) -> Path | None:
    """The weights file if nothing is to be downloaded, else None. Asks nobody, checks nothing."""
    here = local(name)
    return weights_file(here, name) if here else in_cache(checkpoint(name))


def local(name: str | Path | Checkpoint) -> Path | None:
    """A folder given by its path, or one of weights/. None is a name on the Hub."""
    wanted = checkpoint(name)
    if not isinstance(name, Checkpoint) and Path(name).is_dir():
        return Path(name)
    if (WEIGHTS / wanted.name).is_dir():
        return WEIGHTS / wanted.name
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", wanted.name):
        raise Problem("unknown", name=wanted.name)
    return None


def in_cache(wanted: Checkpoint) -> Path | None:
    """The weights file in huggingface_hub's cache, if all that goes with it is there too."""
    from huggingface_hub import try_to_load_from_cache

    def find(file: str) -> Path | None:
        found = try_to_load_from_cache(wanted.name, within(wanted, file), revision=wanted.revision or None)
        return Path(found) if isinstance(found, str) else None  # it may also answer "known not to exist"

    with download.explained(wanted.name):
        files = [find(file) for file in ([wanted.file] if wanted.file else USUAL_FILES)]
        whole = all(find(file) for file in ("config.json", *wanted.also))
        return next(filter(None, files), None) if whole else None


def fetch(wanted: Checkpoint, progress: Progress | None, again: bool = False) -> Path:
    """Everything into the cache; the path of the weights. `again`: even what is there already."""
    download.check_online(wanted.name)
    revision = wanted.revision or None
    small = [download.ask(wanted.name, within(wanted, f), revision) for f in ("config.json", *wanted.also)]
    weights = ask_weights(wanted, revision)
    download.check_room(wanted.name, sum(file.size for file in (*small, weights)))
    for file in small:
        download.get(wanted.name, file, revision, again=again)
    return download.get(wanted.name, weights, revision, progress, again)


def ask_weights(wanted: Checkpoint, revision: str | None) -> download.Published:
    """What the Hub says of the weights. Others than those we know are refused before they are fetched."""
    first, *others = [wanted.file] if wanted.file else USUAL_FILES
    try:
        found = download.ask(wanted.name, within(wanted, first), revision)
    except Problem as problem:
        if problem.cause != "not_found" or not others:
            raise
        found = download.ask(wanted.name, within(wanted, others[0]), revision)
    if wanted.size and found.size and found.size != wanted.size:
        raise Problem("size", file=found.file, size=found.size, expected=wanted.size)
    if wanted.sha256 and found.sha256 and found.sha256 != wanted.sha256:
        raise Problem("hash", file=found.file, sha256=found.sha256, expected=wanted.sha256)
    return found


def within(wanted: Checkpoint, file: str) -> str:
    return f"{wanted.subfolder}/{file}" if wanted.subfolder else file


_verified: set[tuple] = set()  # files checked since this process started, and what they were checked against


def verify(file: Path, wanted: Checkpoint) -> Path:
    """The file's folder, once the file is known to be whole and the published one. Reads it once per process.

    Any write to the file changes its time, so it is read again; a new process does not trust the last one.
    """
    sha256 = wanted.sha256 or name_of_blob(file)
    stat = file.stat()
    state = (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
    if (*state, wanted.size, sha256) not in _verified:
        safefile.verify(file, wanted.size, sha256)
        _verified.add((*state, wanted.size, sha256))
    return file.parent


def name_of_blob(file: Path) -> str:
    """In the cache a file is a link to blobs/<etag>, and the Hub's etag of a large file is its sha256."""
    target = Path(os.readlink(file)) if file.is_symlink() else file
    return target.name if target.parent.name == "blobs" and download.is_sha256(target.name) else ""


def push(folder: str | Path, repo_id: str, token: str | None = None, private: bool = False) -> str:
    """Put a folder of weights/ on the Hub as the model repo `repo_id`, as it stands. Returns its address."""
    for file in Path(folder).glob("*.safetensors"):
        safefile.verify(file)
    weights_file(Path(folder))
    return download.push(Path(folder), repo_id, token, private)
