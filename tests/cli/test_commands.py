"""The command line as scripts use it: records, exit codes, and one or two lines for every mistake."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from PIL import Image

Run = Callable[..., "subprocess.CompletedProcess[str]"]
REPORT = {
    "run_id", "collection", "generation", "documents", "outcomes", "pages", "chunks", "tokens", "work", "seconds",
    "problems",
}  # fmt: skip
CHUNK = {
    "id", "document_id", "uri", "start", "end", "text", "context", "tokens", "heading_path", "pages", "regions",
    "elements", "strategy",
}  # fmt: skip


def lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert "Traceback" not in done.stderr, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_second_run_does_nothing(quarry: Run, corpus: Path, store: Path) -> None:
    done = quarry("ingest", corpus, "--store", store, "--json")
    (report,) = lines(done)
    assert done.returncode == 0
    assert set(report) == REPORT
    assert report["documents"] == {
        "seen": 5, "added": 0, "changed": 0, "moved": 0, "unchanged": 5, "deleted": 0, "excluded": 1
    }  # fmt: skip
    assert report["outcomes"] == {"ok": 3, "partial": 0, "empty": 1, "encrypted": 1, "refused": 0, "failed": 0}
    assert report["chunks"]["added"] == report["tokens"]["encoded"] == report["pages"] == 0
    assert {problem["outcome"] for problem in report["problems"]} == {"encrypted", "empty"}
    assert not any(problem["new"] for problem in report["problems"])
    assert quarry("ingest", corpus, "--store", store, "--strict").returncode == 3


def test_change_and_delete(quarry: Run, tmp_path: Path) -> None:
    folder, store = tmp_path / "docs", tmp_path / "store"
    folder.mkdir()
    (folder / "a.txt").write_text("Alpha is the first letter.")
    (folder / "b.txt").write_text("Beta is the second letter.")
    assert quarry("ingest", folder, "--store", store).returncode == 0
    (folder / "a.txt").write_text("Alpha opens the alphabet.")
    (folder / "b.txt").unlink()
    (report,) = lines(quarry("ingest", folder, "--store", store, "--json"))
    assert (report["documents"]["changed"], report["documents"]["deleted"]) == (1, 1)
    texts = [hit["text"] for hit in lines(quarry("search", "letter", "--store", store, "--json"))]
    assert texts == ["Alpha opens the alphabet."]


def test_a_broken_new_version_leaves_the_good_one(quarry: Run, tmp_path: Path) -> None:
    folder, store = tmp_path / "docs", tmp_path / "store"
    folder.mkdir()
    (folder / "a.pdf").write_text("Good words stay.")
    assert quarry("ingest", f"x={folder}", "--store", store, "--include", "*.pdf").returncode == 0
    (folder / "a.pdf").write_bytes(b"%PDF-1.7 broken")
    (report,) = lines(quarry("ingest", f"x={folder}", "--store", store, "--json"))
    assert report["outcomes"]["refused"] == 1
    (hit,) = lines(quarry("search", "good words", "--store", store, "--json"))
    assert hit["text"] == "Good words stay."


def test_deletes_of_most_of_a_source_are_held_back(quarry: Run, tmp_path: Path) -> None:
    folder, store = tmp_path / "docs", tmp_path / "store"
    folder.mkdir()
    for number in range(12):
        (folder / f"{number}.txt").write_text(f"text number {number}")
    assert quarry("ingest", folder, "--store", store).returncode == 0
    for number in range(11):
        (folder / f"{number}.txt").unlink()
    done = quarry("ingest", folder, "--store", store)
    assert done.returncode == 5
    assert "11 of 12 documents are gone" in done.stderr
    assert len(lines(quarry("documents", "--store", store, "--json"))) == 12
    assert quarry("ingest", folder, "--store", store, "--max-delete", "1").returncode == 0
    assert len(lines(quarry("documents", "--store", store, "--json"))) == 1


def test_dry_run_writes_no_row(quarry: Run, corpus: Path, tmp_path: Path) -> None:
    done = quarry("ingest", corpus, "--store", tmp_path / "s", "--dry-run", "--json")
    assert {line["change"] for line in lines(done)} == {"added"}
    assert quarry("documents", "--store", tmp_path / "s", "--json").stdout == ""


@pytest.mark.parametrize("mode", ["hybrid", "vector", "text"])
def test_search_modes(quarry: Run, store: Path, mode: str) -> None:
    done = quarry("search", "walrus tusks", "--store", store, "--mode", mode, "-k", "2", "--json")
    hits = lines(done)
    assert set(hits[0]) >= CHUNK | {"rank", "score", "title", "generation"}
    assert hits[0]["rank"] == 1
    assert hits[0]["pages"] == [1]
    assert "tusks" in hits[0]["text"]
    assert len(hits[0]["regions"][0]["bbox"]) == 4


def test_filters(quarry: Run, store: Path) -> None:
    def found(where: str) -> set[str]:
        hits = lines(quarry("search", "walrus engine lighthouse", "--store", store, "--where", where, "--json"))
        return {hit["uri"].rpartition("/")[2] for hit in hits}

    assert found("path = 'walrus.pdf'") == {"walrus.pdf"}
    assert found("page = 1 and not path contains 'plain'") == {"walrus.pdf"}
    assert found("heading contains 'Engines' or path in ('plain.txt')") == {"notes.md", "plain.txt"}
    assert found("path = \"x' OR '1'='1\"") == set()


def test_text_search_and_status_import_no_torch(store: Path, quarry: Run, corpus: Path) -> None:
    code = "import sys; from quarry.cli.main import run; run(sys.argv[1:]); assert 'torch' not in sys.modules"
    for arguments in (
        ["search", "walrus", "--mode", "text", "--store", str(store)],
        ["status", "--store", str(store)],
        ["documents", "--store", str(store)],
        ["parse", str(corpus / "notes.md")],
        ["ingest", str(corpus), "--store", str(store)],
        ["--help"],
    ):
        done = subprocess.run(
            [__import__("sys").executable, "-c", code, *arguments], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (arguments, done.stderr)


def test_parse_pipes_into_chunk(quarry: Run, corpus: Path) -> None:
    parsed = quarry("parse", corpus / "walrus.pdf", corpus / "notes.md")
    notes, walrus = lines(parsed)
    assert (walrus["pages"], walrus["outcome"], notes["media_type"]) == (1, "ok", "text/markdown")
    piped = lines(quarry("chunk", stdin=parsed.stdout))
    direct = lines(quarry("chunk", corpus / "walrus.pdf", corpus / "notes.md"))
    assert [set(chunk) >= CHUNK for chunk in piped] == [True] * len(piped)
    assert piped == direct


def test_parse_names_what_it_can_not_read(quarry: Run, corpus: Path) -> None:
    done = quarry("parse", corpus / "locked.pdf")
    (record,) = lines(done)
    assert (done.returncode, record["outcome"]) == (3, "encrypted")
    assert "password" in record["reason"]


@pytest.mark.parametrize("form", ["markdown", "html"])
def test_parse_forms(quarry: Run, corpus: Path, form: str) -> None:
    done = quarry("parse", corpus / "notes.md", "--format", form)
    assert "Engines" in done.stdout
    assert ("# Engines" if form == "markdown" else "<h1") in done.stdout


def test_embed(quarry: Run) -> None:
    rows = '{"id": 1, "text": "one"}\n{"id": "b", "text": "two"}\n'
    found = lines(quarry("embed", stdin=rows))
    assert [row["id"] for row in found] == [1, "b"]
    assert sum(value * value for value in found[0]["vector"]) == pytest.approx(1, abs=1e-5)
    (byte,) = lines(quarry("embed", "--dtype", "int8", stdin='{"id": 1, "text": "one"}'))
    assert max(map(abs, byte["vector"])) == 127
    assert len(byte["vector"]) == len(found[0]["vector"])
    (query,) = lines(quarry("embed", "--query", stdin='{"id": 1, "text": "one"}'))
    assert query["vector"] == pytest.approx(found[0]["vector"], abs=1e-5)


def test_show_and_its_picture(quarry: Run, store: Path, tmp_path: Path) -> None:
    (hit,) = lines(quarry("search", "walrus tusks", "--store", store, "-k", "1", "--json"))
    picture = tmp_path / "page.png"
    (record,) = lines(quarry("show", hit["id"][:12], "--store", store, "--image", picture, "--json"))
    assert record["id"] == hit["id"]
    assert record["encoder"]["name"] == "minilm"
    with Image.open(picture) as image:
        x0, y0, x1, _ = (value * 110 / 72 for value in record["regions"][0]["bbox"])
        pixel = image.convert("RGB").getpixel((round((x0 + x1) / 2), round(y0 + 3)))
        assert isinstance(pixel, tuple)
        assert pixel[2] < 220, "the box is filled with yellow"


def test_export(quarry: Run, store: Path, tmp_path: Path) -> None:
    for name in ("rows.jsonl", "rows.parquet"):
        assert quarry("export", tmp_path / name, "--store", store).returncode == 0
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    table = pq.read_table(tmp_path / "rows.parquet")
    assert table.num_rows == len(rows) > 2
    assert set(rows[0]) >= CHUNK | {"vector", "sha256", "parser", "chunker", "encoder", "run_id", "ingested_at"}
    assert table.column("id").to_pylist() == [row["id"] for row in rows]


def test_json_lines_from_stdin(quarry: Run, tmp_path: Path) -> None:
    rows = '{"id": "a", "text": "Badgers dig.", "title": "Animals", "metadata": {"year": 2024}}\n'
    done = quarry("ingest", "-", "--store", tmp_path / "s", "--json", stdin=rows)
    assert done.returncode == 0, done.stderr
    search = ("search", "badgers", "--store", tmp_path / "s", "--json", "--where")
    (hit,) = lines(quarry(*search, "metadata.year >= 2020"))
    assert (hit["uri"], hit["title"]) == ("a", "Animals")
    assert lines(quarry(*search, "metadata.year = 1999")) == []


def test_another_chunker_for_an_old_collection_is_refused(quarry: Run, corpus: Path, store: Path) -> None:
    done = quarry("ingest", corpus, "--store", store, "--chunker", "recursive")
    assert done.returncode == 2
    assert "chunker.kind is 'recursive', there 'metadata_aware'" in done.stderr
    assert "backfill" in done.stderr


def test_config_names_origins(quarry: Run) -> None:
    rows = {row["name"]: row for row in lines(quarry("config", "--set", "ingest.workers=2", "--json"))}
    assert rows["ingest.workers"] == {"name": "ingest.workers", "value": 2, "origin": "--set ingest.workers=2"}


MISTAKES: list[tuple[list[str], int, str]] = [
    (["serch"], 2, "did you mean 'search'"),
    (["search"], 2, "missing argument"),
    (["search", "x", "--store", "none"], 1, "there is no store at none"),
    (["search", "  ", "--store", "STORE"], 2, "the query is empty"),
    (["search", "x", "--store", "STORE", "-k", "0"], 2, "-k"),
    (["search", "x", "--store", "STORE", "--where", "pages ="], 2, "expected a value, found the end"),
    (["search", "x", "--store", "STORE", "--where", "pge = 1"], 2, "did you mean 'page'"),
    (["search", "x", "--store", "STORE", "--collection", "other"], 1, "there is no collection 'other'"),
    (["ingest", "nowhere"], 1, "no such file or folder: nowhere"),
    (["ingest", "CORPUS", "--chunker", "recursiv"], 2, "did you mean 'recursive'"),
    (["ingest", "CORPUS", "--encoder", "minilmm"], 2, "did you mean 'minilm'"),
    (["ingest", "CORPUS", "--encoder", "bge-m3"], 2, "is not on this machine"),
    (["ingest", "CORPUS", "--set", "chunker.siz=3"], 2, "did you mean 'size'"),
    (["ingest", "CORPUS", "--set", "parsers.pdf.mode=slow"], 2, "mode"),
    (["ingest", "CORPUS", "--set", "encoder.dim=9999"], 2, "9999"),
    (["ingest", "CORPUS", "--max-delete", "3"], 2, "--max-delete"),
    (["ingest", "CORPUS", "--store", "CORPUS"], 1, "other things in it"),
    (["ingest", "--config", "none.yaml"], 2, "can't read none.yaml"),
    (["ingest"], 2, "no source given"),
    (["parse", "nowhere.pdf"], 1, "no such file or folder"),
    (["chunk"], 1, "is no JSON"),
    (["embed"], 1, "is no JSON"),
    (["status", "--store", "none"], 1, "there is no store"),
    (["documents", "--store", "STORE", "--outcome", "fialed"], 2, "did you mean 'failed'"),
    (["show", "zzz", "--store", "STORE"], 1, "there is no chunk 'zzz'"),
    (["export", "rows.csv", "--store", "STORE"], 2, ".parquet or .jsonl"),
    (["export", "no/such/rows.jsonl", "--store", "STORE"], 1, "no such file or directory"),
    (["config", "--set", "ingest.wokers=1"], 2, "did you mean 'ingest.workers'"),
]


@pytest.mark.parametrize(("arguments", "code", "message"), MISTAKES, ids=lambda value: str(value)[:40])
def test_mistakes_are_told_in_a_line_or_two(
    quarry: Run, corpus: Path, store: Path, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    places = {"STORE": str(store), "CORPUS": str(corpus)}
    filled = [places.get(part, part) for part in arguments]
    if arguments[0] == "ingest" and "--store" not in arguments:
        filled += ["--store", str(tmp_path / "s")]
    done = quarry(*filled, stdin="no json\n", cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert message.casefold() in done.stderr.casefold()
    assert len(done.stderr.strip().splitlines()) <= 2
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
