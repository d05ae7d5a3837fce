"""The command, its flags, and what the project's papers promise of it."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import app
import demos

ROOT = Path(__file__).resolve().parent.parent
STEMS = [stem for _, stems in demos.CHAPTERS for stem in stems]


def test_every_flag_is_an_environment_variable_too(monkeypatch):
    monkeypatch.setenv("LATENTE_PORT", "7999")
    monkeypatch.setenv("LATENTE_MODELS_MEMORY", "2GiB")
    monkeypatch.setenv("LATENTE_OFFLINE", "true")
    monkeypatch.setenv("LATENTE_LANG", "es")
    found = app.flags([])
    assert (found.port, found.models_memory, found.offline, found.lang) == ("7999", "2GiB", True, "es")
    assert app.flags(["--port", "1", "--no-offline"]).port == "1"


@pytest.mark.parametrize(
    "wrong", [["--lang", "fr"], ["--port", "x"], ["--preload", "nothing"], ["--models-memory", "much"]]
)
def test_a_wrong_flag_is_refused_in_one_line(wrong, capsys):
    with pytest.raises(SystemExit):
        app.flags(wrong)
    assert wrong[0] in capsys.readouterr().err


def test_the_page_is_built_without_torch():
    code = "import sys, app; app.build(); assert 'torch' not in sys.modules, 'torch was imported'"
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, cwd=ROOT)


def front_matter() -> dict[str, str]:
    head = (ROOT / "README.md").read_text().split("---\n")[1]
    return dict(re.findall(r"^(\w+): *\"?([^\"\n]+?)\"?$", head, re.M))


def test_the_space_runs_what_the_laptop_runs():
    requirements = (ROOT / "requirements.txt").read_text()
    found = front_matter()
    assert f"gradio=={found['sdk_version']}\n" in requirements
    assert found["sdk"] == "gradio" and (ROOT / found["app_file"]).exists()
    assert found["python_version"] == "3.12.12"  # what ZeroGPU lists
    assert len(found["short_description"]) <= 60
    lowest, highest = re.search(r"torch>=([\d.]+),<=([\d.]+)", requirements).groups()
    assert lowest == "2.8" and highest == "2.13.0"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert found["license"].upper() == project["license"]


def test_the_readme_lists_every_tab():
    rows = re.findall(r"^\| .*\(`(\w+)`\) \|", (ROOT / "README.md").read_text(), re.M)
    assert rows == STEMS


def test_the_papers_of_the_house_stay_short():
    assert len((ROOT / "ARCHITECTURE.md").read_text().splitlines()) <= 120
    assert len((ROOT / "CONTRIBUTING.md").read_text().splitlines()) <= 60


def test_tracked_files_stay_small():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    sizes = {
        f: (ROOT / f).stat().st_size for f in listed.stdout.decode().split("\0") if f and (ROOT / f).exists()
    }
    assert sum(sizes.values()) < 60 * 2**20
    assert all(size <= 8 * 2**20 for size in sizes.values())
