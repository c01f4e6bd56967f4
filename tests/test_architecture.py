"""The folder tree is the architecture: imports point one way only."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LIBRARIES = {"quarry", "sources", "parsers", "chunkers", "encoders", "stores"}
MAY_IMPORT = {
    "quarry": {"quarry"},
    "sources": {"quarry", "sources"},
    "parsers": {"quarry", "parsers"},
    "chunkers": {"quarry", "chunkers"},
    "encoders": {"quarry", "encoders"},
    "stores": {"quarry", "stores"},
    "search": {"quarry", "stores", "encoders", "search"},
    "pipeline": {*LIBRARIES, "search", "pipeline"},
    "flows": {"pipeline", "quarry", "flows"},
    "evaluation": {*LIBRARIES, "search", "pipeline", "evaluation"},
}
OURS = {*MAY_IMPORT, "web", "benchmarks", "examples", "tests"}


def imported(source: Path) -> set[str]:
    """Top-level names of the modules that `source` imports anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{source} has a relative import"
            names.add(node.module or "")
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("folder", sorted(MAY_IMPORT))
def test_imports_point_one_way(folder: str) -> None:
    sources = [path for path in (ROOT / folder).rglob("*.py") if "cli" not in path.relative_to(ROOT / folder).parts]
    assert sources
    for source in sources:
        assert imported(source) & OURS <= MAY_IMPORT[folder], source
        assert folder == "flows" or "prefect" not in imported(source), source


def test_every_folder_of_ours_is_in_the_wheel() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"examples", "benchmarks", "tests"}
    assert packages <= set(MAY_IMPORT) | {"web"}
    pyproject = (ROOT / "pyproject.toml").read_text()
    assert all(f'"{package}"' in pyproject for package in packages)


def loaded_by(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import quarry.types, quarry.settings, quarry.records, quarry.cli.main",
        "import sources.spec, parsers, chunkers, encoders, encoders.tokens, encoders.profiles",
        "import parsers; [parsers.parser.strategy(name) for name in parsers.parser.names()]",
        "import chunkers; [chunkers.chunker.strategy(name) for name in chunkers.chunker.names()]",
        "import pipeline.workers",
    ],
)
def test_light_imports(statement: str) -> None:
    heavy = {"torch", "transformers", "lancedb", "prefect", "unstructured", "spacy"}
    assert not loaded_by(statement) & heavy
