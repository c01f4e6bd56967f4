"""Whatever a file system takes as a name is stored, found and deleted again."""

from __future__ import annotations

import json
import os
import unicodedata
from urllib.parse import unquote_to_bytes, urlsplit

import pytest

from tests.pipeline.drill import run
from tests.pipeline.place import Place, counted

NAMES: list[bytes] = [
    b"quote's.md",
    b'double"quote.md',
    b"x' OR '1'='1.md",
    b"new\nline.md",
    b"tab\tand\rreturn.md",
    b"percent%20and#hash?.md",
    b" blanks .md",
    b"[bold]rich[red].md",
    b"back\\slash.md",
    "emoji \N{GRINNING FACE}\N{ZERO WIDTH JOINER}.md".encode(),
    "right \N{RIGHT-TO-LEFT OVERRIDE}left.md".encode(),
    unicodedata.normalize("NFC", "caf\u00e9.md").encode(),
    unicodedata.normalize("NFD", "caf\u00e9.md").encode(),
    b"a" * 252 + b".md",
    "\N{BLACK STAR}".encode() * 84 + b".md",
    b"invalid \xff\xfe\x80.md",
    "not\uffffa character.md".encode(),
]


def write(place: Place, name: bytes, number: int, *, text: str = "salt") -> None:
    place.write(os.fsdecode(name), f"# Note {number}\n\nThe lighthouse number{number} of {text}.\n")


@pytest.fixture
def named(place: Place) -> Place:
    for number, name in enumerate(NAMES):
        write(place, name, number)
    report = place.ingest()
    assert counted(report) == {"seen": len(NAMES), "added": len(NAMES)}
    assert report["outcomes"]["ok"] == len(NAMES)
    return place


def test_every_name_is_stored_and_found(named: Place) -> None:
    documents = named.documents()
    assert {os.fsencode(path) for path in documents} == set(NAMES)
    for path, row in documents.items():
        assert unquote_to_bytes(urlsplit(row.uri).path) == os.fsencode(named.docs / path)
    for number, name in enumerate(NAMES):
        assert [os.fsencode(path) for path in named.found(f"number{number}")] == [name]
    named.assert_clean()
    assert named.ingest()["work"]["commits"] == {}


def test_every_name_changes_and_is_deleted(named: Place) -> None:
    for number, name in enumerate(NAMES[::2]):
        write(named, name, number, text="pepper")
    assert counted(named.ingest()) == {
        "seen": len(NAMES), "changed": len(NAMES[::2]), "unchanged": len(NAMES[1::2])
    }  # fmt: skip
    for name in NAMES[1:]:
        (named.docs / os.fsdecode(name)).unlink()
    gone = named.ingest(settings=["ingest.max_delete=1"])
    assert counted(gone) == {"seen": 1, "deleted": len(NAMES) - 1, "unchanged": 1}
    assert [row.provenance.path for row in named.chunks()] == ["quote's.md"]
    named.assert_clean()


def test_every_name_is_moved_with_its_folder(named: Place) -> None:
    named.docs.rename(named.folder / "sub")
    named.docs.mkdir()
    (named.folder / "sub").rename(named.docs / "sub")
    moved = named.ingest()
    assert counted(moved) == {"seen": len(NAMES), "moved": len(NAMES)}
    assert moved["work"]["encoded"] == 0
    named.assert_clean()


def test_commands_print_every_name(named: Place) -> None:
    printed = run("documents", "--store", named.store, "--json")
    assert {os.fsencode(json.loads(line)["path"]) for line in printed.stdout.splitlines()} == set(NAMES)
    for command in (["documents"], ["search", "lighthouse", "--mode", "text", "-k", "50"]):
        shown = run(*command, "--store", named.store, columns=1000)
        assert shown.returncode == 0, shown.stderr
        assert "[bold]rich[red].md" in shown.stdout
        assert r"invalid \udcff\udcfe\udc80.md" in shown.stdout


def test_a_single_file_of_any_name_is_a_source(named: Place) -> None:
    for number in (1, 3, 7, 8, 15):
        name = NAMES[number]
        write(named, name, number, text="pepper")
        file = named.docs / os.fsdecode(name)
        assert counted(named.ingest(file)) == {"seen": 1, "changed": 1}, name
    assert named.ingest()["work"]["parsed"] == 0
    assert len(named.documents()) == len(NAMES)
