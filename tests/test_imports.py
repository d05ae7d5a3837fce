"""Imports point one way: app, demos, genmodels, torch; training uses genmodels; tabs do not import tabs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import demos

ROOT = Path(__file__).resolve().parent.parent
STEMS = [stem for _, stems in demos.CHAPTERS for stem in stems]


def imported(tree: ast.AST, *, at_once: bool = False) -> list[str]:
    """Names of the modules that a source imports; with `at_once` only those imported when it is."""
    found = []
    for node in ast.iter_child_nodes(tree) if at_once else ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found += [f"{node.module}.{alias.name}" for alias in node.names]
        elif at_once and isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        elif at_once and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            found += imported(node, at_once=True)
    return found


def sources(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


REFERENCES = {"diffusers", "transformers"}  # whom tests and benchmarks compare with


def roots(file: Path, **how: bool) -> set[str]:
    return {name.split(".")[0] for name in imported(ast.parse(file.read_text()), **how)}


@pytest.mark.parametrize(
    ("folder", "never"),
    [
        (
            "genmodels",
            {"gradio", "demos", "training", "app", "tests", "matplotlib", "diffusers", "transformers"},
        ),
        ("demos", {"training", "app", "tests", "diffusers", "transformers"}),
        ("training", {"gradio", "demos", "app", "tests"}),
    ],
)
def test_imports_point_one_way(folder, never):
    found = {str(f.relative_to(ROOT)): roots(f) & never for f in sources(folder)}
    assert not {f: names for f, names in found.items() if names}


def test_the_app_imports_the_page_and_nothing_heavy():
    assert roots(ROOT / "app.py") <= {"demos", "genmodels", "gradio", "spaces", *sys.stdlib_module_names}
    assert "torch" not in roots(ROOT / "app.py", at_once=True)


def test_pictures_are_files_only_in_data():
    inside = [f for f in sources("genmodels") if "PIL" in roots(f)]
    assert all(f.is_relative_to(ROOT / "genmodels" / "data") for f in inside), inside


def test_tabs_do_not_import_tabs_nor_torch_before_they_compute():
    for file in sources("demos"):
        names = imported(ast.parse(file.read_text()))
        tabs = {s for n in names for s in STEMS if f"{n}.".startswith(f"demos.{s}.")}
        assert tabs <= set(file.relative_to(ROOT / "demos").with_suffix("").parts), (file, tabs)
        assert "torch" not in roots(file, at_once=True), file


def run(code: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_models_know_no_page_and_the_tables_no_torch():
    tables = [f"genmodels.{f.parent.name}.checkpoints" for f in (ROOT / "genmodels").glob("*/checkpoints.py")]
    light = ["genmodels", "genmodels.hub", "genmodels.settings", "genmodels.errors", *tables]
    run(
        "import sys, importlib\n"
        f"for name in {light}: importlib.import_module(name)\n"
        "assert not {'torch', 'gradio', 'demos'} & sys.modules.keys()\n"
        "import genmodels.runtime, genmodels.model\n"
        "assert not {'gradio', 'demos', 'PIL'} & sys.modules.keys()"
    )
