"""What a user types becomes sources with the right names, roots and inputs."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from quarry.errors import ConfigError, QuarryError, SourceError
from quarry.settings import SourceSettings
from sources import Input, inputs
from sources.jsonl import JsonLines
from sources.spec import Scope, resolve

SCOPE = Scope(declared={}, stored={}, extensions=(".pdf", ".md"))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for path in ("docs/a.pdf", "docs/sub/b.pdf", "docs/sub/B2.PDF", "docs/sub/c.md", "docs/d.json", "other/e.pdf"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(path)
    return tmp_path


def paths(*specs: str | Path, scope: Scope = SCOPE) -> list[str]:
    return [
        f"{item.source}:{item.path}"
        for source in resolve([str(s) for s in specs], scope=scope)
        for item in inputs(source)
    ]


def test_folder_takes_what_parsers_claim_and_counts_the_rest(tree: Path) -> None:
    (source,) = resolve([str(tree / "docs")], scope=SCOPE)
    assert [item.path for item in inputs(source)] == ["a.pdf", "sub/B2.PDF", "sub/b.pdf", "sub/c.md"]
    assert (source.name, source.root, source.whole, source.excluded) == ("docs", str(tree / "docs"), True, 1)


def test_name_include_and_exclude(tree: Path) -> None:
    scope = Scope(declared={}, stored={}, extensions=(".pdf",), include=("*.json", "sub/*.pdf"), exclude=("B2*",))
    assert paths(f"mine={tree / 'docs'}", scope=scope) == ["mine:d.json", "mine:sub/b.pdf"]


def test_a_single_file_is_a_part_of_its_folder(tree: Path) -> None:
    (source,) = resolve([str(tree / "docs/sub/b.pdf")], scope=SCOPE)
    assert [item.path for item in inputs(source)] == ["b.pdf"]
    assert (source.name, source.whole, source.excluded) == ("sub", False, 0)


def test_a_file_below_a_known_source_belongs_to_it(tree: Path) -> None:
    scope = Scope(declared={}, stored={"docs": str(tree / "docs")}, extensions=(".pdf",))
    assert paths(tree / "docs/sub/b.pdf", scope=scope) == ["docs:sub/b.pdf"]
    assert paths(tree / "docs/a.pdf", tree / "docs/sub/b.pdf", scope=scope) == ["docs:a.pdf", "docs:sub/b.pdf"]
    assert paths(tree / "docs/**/*.md", scope=scope) == ["docs:sub/c.md"]


def test_glob_lists_a_part(tree: Path) -> None:
    (source,) = resolve([str(tree / "docs/*/*.pdf")], scope=SCOPE)
    assert [item.path for item in inputs(source)] == ["sub/B2.PDF", "sub/b.pdf"]
    assert not source.whole


def test_declared_sources_are_the_default(tree: Path) -> None:
    declared = {"kept": SourceSettings(path=str(tree / "docs"), include=("*.md",), metadata={"team": "x"})}
    (source,) = resolve([], scope=Scope(declared=declared, stored={}, extensions=(".pdf",)))
    (item,) = inputs(source)
    assert (item.source, item.path, item.metadata) == ("kept", "sub/c.md", {"team": "x"})


def test_the_same_name_with_another_root_says_how_to_declare_a_move(tree: Path) -> None:
    stored = {"docs": "/elsewhere/docs"}
    with pytest.raises(ConfigError, match=r"--set sources\.docs\.path="):
        paths(tree / "docs", scope=Scope(declared={}, stored=stored, extensions=(".pdf",)))
    moved = {"docs": SourceSettings(path=str(tree / "docs"))}
    assert paths(tree / "docs/a.pdf", scope=Scope(declared=moved, stored=stored, extensions=(".pdf",))) == [
        "docs:a.pdf"
    ]


@pytest.mark.parametrize(
    ("specs", "message"),
    [
        ((".", "docs"), "sources overlap"),
        (("docs", "again=docs"), "sources overlap"),
        (("x=docs", "x=other"), "two sources named 'x'"),
        (("nowhere",), "no such file or folder: nowhere"),
        (("nowhere/*.pdf",), "no such folder"),
        (("-", "b=-"), "stdin can be read once"),
        ((), "no source given"),
    ],
)
def test_wrong_sources_are_one_line(
    tree: Path, monkeypatch: pytest.MonkeyPatch, specs: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(tree)
    with pytest.raises(QuarryError, match=message) as caught:
        paths(*specs)
    assert "\n" not in str(caught.value)


def test_links_are_listed_but_not_followed(tree: Path) -> None:
    (tree / "docs/loop").symlink_to(tree / "docs")
    (tree / "docs/link.pdf").symlink_to(tree / "other/e.pdf")
    assert "docs:link.pdf" in paths(tree / "docs")
    assert not [path for path in paths(tree / "docs") if "loop" in path]


def test_names_of_any_bytes(tmp_path: Path) -> None:
    names = [b"new\nline.pdf", b"quote'\".pdf", b"\xff\xfe.pdf", "e\u0301.pdf".encode(), "\u00e9.pdf".encode()]
    for name in names:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(b"x")
    (source,) = resolve([str(tmp_path)], scope=SCOPE)
    assert {os.fsencode(item.path) for item in inputs(source)} == set(names)
    assert len({item.uri for item in inputs(source)}) == len(names)


def test_an_unreadable_root_is_a_source_error(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (source,) = resolve([str(tmp_path / "docs")], scope=SCOPE)
    (tmp_path / "docs").rmdir()
    with pytest.raises(SourceError, match="can't list"):
        list(inputs(source))


def lines(*rows: bytes) -> list[Input]:
    return list(inputs(JsonLines("stdin", io.BytesIO(b"\n".join(rows)))))


def test_json_lines_keep_bodies_and_metadata() -> None:
    source = JsonLines(
        "feed", io.BytesIO(b'{"id":"a","text":"one"}\n\n{"id":"b","html":"<p>\xc3\xa9","metadata":{"n":1}}\n')
    )
    first, second = inputs(source)
    assert (first.source, first.path, first.media_type, first.stat.size) == ("feed", "a", "text/plain", 3)
    assert second.body is not None
    assert second.body() == "<p>é".encode()
    assert second.metadata == {"n": 1}
    assert not source.whole


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (b"{", "line 2 is no JSON"),
        (b'{"id":"x"}', 'needs either "text" or "html"'),
        (b'{"id":"","text":""}', "id: "),
        (b'{"id":"a","text":"again"}', "was line 1 already"),
        (b'{"id":"x","text":"t","titel":"t"}', "titel"),
    ],
)
def test_wrong_lines_name_the_line(row: bytes, message: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        lines(b'{"id":"a","text":"one"}', row)
    assert "line 2" in str(caught.value)
