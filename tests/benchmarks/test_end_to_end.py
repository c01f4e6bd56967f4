"""The end-to-end benchmark: its documents, the script that it compares with, and what a ratio is."""

from __future__ import annotations

import gzip
from pathlib import Path

import pymupdf
import pytest

from benchmarks._floor import text_of
from benchmarks.end_to_end import Case, Spent, gather, smallest, tiny


@pytest.fixture
def data(tmp_path: Path) -> Path:
    home = tmp_path / "data"
    for folder in ("jose", "readability/first", "article-extraction/html", "nist-800-63-3"):
        (home / folder).mkdir(parents=True)
    with pymupdf.open() as document:
        document.new_page().insert_text((72, 100), "Salt and tides.")
        document.save(str(home / "jose" / "1.pdf"))
    (home / "readability" / "first" / "source.html").write_text("<p>Read me</p>")
    (home / "article-extraction" / "html" / "0123456789abcdef.html.gz").write_bytes(gzip.compress(b"<p>News</p>"))
    (home / "nist-800-63-3" / "a.md").write_text("# A")
    (home / "nist-800-63-3" / "b.md").write_text("# B")
    return home


def test_documents_of_all_sets_under_names_of_their_own(data: Path, tmp_path: Path) -> None:
    docs = gather(data, tmp_path / "docs")
    assert sorted(path.name for path in docs.iterdir()) == [
        "jose-1.pdf", "news-0123456789ab.html", "nist.md", "readability-first.html",
    ]  # fmt: skip
    assert (docs / "nist.md").read_text() == "# A\n\n# B"


def test_another_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "note.md").write_text("A note")
    assert gather(tmp_path, tmp_path / "docs") == tmp_path


def test_the_smallest_stay(data: Path, tmp_path: Path) -> None:
    docs = gather(data, tmp_path / "docs")
    smallest(docs, 2)
    assert len(list(docs.iterdir())) == 2
    assert not (docs / "jose-1.pdf").exists()


def test_the_script_reads_each_kind(tmp_path: Path) -> None:
    docs = tiny(tmp_path / "tiny", copies=1)
    for file in docs.iterdir():
        assert "harbour master" in text_of(file)
    (docs / "0.html").write_text("<style>p {}</style><p>Tides</p><script>var hidden</script>")
    assert text_of(docs / "0.html") == "Tides"


def test_ratios_are_of_cost_a_token(tmp_path: Path) -> None:
    case = Case("cut", tmp_path, 64, tmp_path, 1, ("quarry", "script"))
    case.rounds["quarry"] += [Spent(2.0, 1.0, 1000, 10), Spent(4.0, 1.0, 1000, 10), Spent(3.0, 1.0, 1000, 10)]
    case.rounds["script"] += [Spent(4.0, 1.0, 2000, 20), Spent(4.0, 1.0, 1000, 20), Spent(3.0, 1.0, 500, 20)]
    (row,) = case.rows()
    assert case.each("quarry") == 3000.0
    assert (row.ours, row.bar, row.passed) == (1.0, 1.15, True)
