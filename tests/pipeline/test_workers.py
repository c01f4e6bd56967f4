"""The parser pool: what happens to one document never happens to its neighbours."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, wait
from pathlib import Path

import psutil
import pytest

from pipeline._parse_job import Limits, ParseJob, ParseResult, read
from pipeline.workers import ParserPool
from quarry.errors import DocumentError, FailedError, RefusedError
from quarry.fault import VARIABLE
from quarry.types import Origin, Outcome

HTML = b"<html><body><h1>Title</h1><p>One paragraph of text.</p></body></html>"


def job(path: str, data: bytes | None = HTML, *, media_type: str | None = None, file: Path | None = None) -> ParseJob:
    return ParseJob(Origin(id="d", uri=path, source="s", path=path, sha256=""), media_type, file, data)


def error_of(future: Future[ParseResult]) -> DocumentError:
    error = future.exception(timeout=60)
    assert isinstance(error, DocumentError)
    return error


def children() -> set[int]:
    """Processes of a pool; the standard library's resource tracker stays until the interpreter ends."""
    found = psutil.Process().children(recursive=True)
    return {child.pid for child in found if not any("resource_tracker" in part for part in _command(child))}


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.fixture
def no_orphans() -> Iterator[None]:
    """Every process that the test started is gone soon after it."""
    before = children()
    yield
    until = time.monotonic() + 5
    while children() - before and time.monotonic() < until:
        time.sleep(0.05)
    assert not children() - before


@pytest.mark.usefixtures("no_orphans")
def test_documents_come_back_in_any_number() -> None:
    with ParserPool(workers=2) as pool:
        futures = [pool.submit(job(f"{n}.html", f"<p>document {n}</p>".encode())) for n in range(20)]
        texts = [future.result(timeout=60).document.text for future in futures]
    assert texts == [f"document {n}" for n in range(20)]


@pytest.mark.usefixtures("no_orphans")
@pytest.mark.parametrize(
    ("fault", "limits", "reason"),
    [
        ("hang", Limits(timeout_s=1.0), "timeout: over 1 s"),
        ("oom", Limits(memory_mb=700), "memory: "),
        ("segv", Limits(), "crash: the parser process ended by SIGSEGV"),
        ("error", Limits(), "error: ZeroDivisionError in quarry/fault.py:"),
    ],
)
def test_a_fault_costs_one_document(fault: str, limits: Limits, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, f"{fault}@parse:bad")
    names = [f"{n}-{'bad' if n in (2, 5) else 'good'}.txt" for n in range(9)]
    with ParserPool(workers=2, limits=limits) as pool:
        futures = [pool.submit(job(name, name.encode())) for name in names]
        wait(futures, timeout=60)
        for name, future in zip(names, futures, strict=True):
            if "bad" in name:
                error = error_of(future)
                assert isinstance(error, FailedError)
                assert str(error).startswith(reason)
            else:
                assert future.result().document.text == name


@pytest.mark.usefixtures("no_orphans")
def test_an_error_in_the_block_ends_the_processes() -> None:
    pool = ParserPool(workers=1, limits=Limits(timeout_s=60))
    with pytest.raises(KeyboardInterrupt):
        _interrupted(pool)


def _interrupted(pool: ParserPool) -> None:
    with pool:
        pool.submit(job("a.html")).result(timeout=60)
        raise KeyboardInterrupt


@pytest.mark.usefixtures("no_orphans")
def test_processes_are_replaced() -> None:
    with ParserPool(workers=1, max_tasks=3) as pool:
        futures = [pool.submit(job(f"{n}.txt", b"text")) for n in range(10)]
        assert all(future.result(timeout=60).document.text == "text" for future in futures)


@pytest.mark.usefixtures("no_orphans")
def test_refusals_are_named(tmp_path: Path) -> None:
    fifo, link, folder, large = (tmp_path / name for name in ("fifo.txt", "link.txt", "folder.txt", "large.txt"))
    os.mkfifo(fifo)
    link.symlink_to(tmp_path / "nowhere")
    folder.mkdir()
    large.write_bytes(b"x" * 2_000_000)
    with ParserPool(workers=1, limits=Limits(max_mb=1)) as pool:
        found = {path.name: pool.submit(job(path.name, None, file=path)) for path in (fifo, link, folder, large)} | {
            "nothing": pool.submit(job("nothing", None)),
            "bytes": pool.submit(job("bytes", b"x" * 2_000_000)),
            "type": pool.submit(job("a.html", b"\x89PNG\r\n\x1a\n" + bytes(100))),
        }
        reasons = {name: str(error_of(future)) for name, future in found.items()}
    assert reasons == {
        "fifo.txt": "unreadable: it is no regular file",
        "link.txt": "unreadable: No such file or directory",
        "folder.txt": "unreadable: it is no regular file",
        "large.txt": "size: 2.0 MB, limits.max_mb allows 1",
        "nothing": "unreadable: neither a file nor bytes were given",
        "bytes": "size: 2.0 MB, limits.max_mb allows 1",
        "type": "type: no parser takes image/png",
    }


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_permission_is_needed(tmp_path: Path) -> None:
    locked = tmp_path / "locked.txt"
    locked.write_text("x")
    locked.chmod(0)
    with pytest.raises(RefusedError, match=r"unreadable: Permission denied"):
        read(locked, max_mb=1)


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("now")
    origin = Origin(id="d", uri="u", source="s", path="a.txt", sha256="00" * 32)
    with ParserPool(workers=1) as pool:
        assert str(error_of(pool.submit(ParseJob(origin, path=file)))) == "unreadable: it changed while it was read"


def test_the_job_decides_the_media_type() -> None:
    with ParserPool(workers=1) as pool:
        found = [
            pool.submit(job("id-1", b"# Head", media_type=media)).result(timeout=60).document
            for media in ("text/markdown", "text/plain", "text/html")
        ]
    assert [document.media_type for document in found] == ["text/markdown", "text/plain", "text/html"]
    assert [document.outcome for document in found] == [Outcome.OK] * 3


def heavy_modules(_: object) -> list[str]:
    """Parses a page and a Markdown text, then names what a worker must not hold."""
    from parsers._media import parse

    for path, data in (("a.html", HTML), ("a.md", b"# A\n\ntext")):
        parse(data, Origin(id="d", uri="u", source="s", path=path, sha256="ab"), settings={})
    return [name for name in ("torch", "lancedb", "prefect") if name in sys.modules]


def test_workers_stay_light() -> None:
    import multiprocessing

    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(heavy_modules, (None,)) == []
