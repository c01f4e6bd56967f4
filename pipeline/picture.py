"""A page with a chunk's boxes drawn on it. The file is opened in a worker process, never in this one."""

from __future__ import annotations

import io
import multiprocessing
from concurrent.futures import TimeoutError as FutureTimeoutError
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from pebble import ProcessExpired, ProcessPool

from quarry.errors import RefusedError, StoreError
from quarry.layout import Region
from quarry.settings import Settings
from stores.rows import ChunkRow

DPI = 110
FILL, EDGE = (255, 214, 0, 70), (220, 60, 0, 255)


def draw(row: ChunkRow, settings: Settings, target: str) -> int:
    """Writes a PNG of the chunk's first page; returns the page. StoreError where that can't be done, and why."""
    regions = row.chunk.regions
    if not regions:
        raise StoreError(f"chunk {row.chunk.id} has no box on a page: {row.provenance.media_type} has no pages")
    if not target.lower().endswith(".png"):
        raise StoreError(f"--image writes PNG, {target} is named otherwise")
    page = regions[0].page
    boxes = [region for region in regions if region.page == page]
    passwords = tuple(settings.parsers.get("pdf", {}).get("passwords", ()))
    job = (_file(row), row.provenance.sha256, page, boxes, passwords)
    with ProcessPool(max_workers=1, context=multiprocessing.get_context("spawn")) as pool:
        future = pool.schedule(_render, args=job, timeout=settings.limits.timeout_s)
        try:
            picture = future.result()
        except (FutureTimeoutError, ProcessExpired) as error:
            raise StoreError(f"page {page} of {row.chunk.uri} could not be drawn: {error}") from error
        except RefusedError as error:
            raise StoreError(f"{row.chunk.uri}: {error}") from error
    Path(target).write_bytes(picture)
    return page


def _file(row: ChunkRow) -> bytes:
    parts = urlsplit(row.chunk.uri)
    if parts.scheme != "file":
        raise StoreError(f"{row.chunk.uri} is no file: there is no page to draw")
    return unquote_to_bytes(row.chunk.uri.removeprefix("file://"))


def _render(file: bytes, expected: str, page: int, regions: list[Region], passwords: tuple[str, ...]) -> bytes:
    """In the worker: the boxes mean something only on the bytes that were ingested."""
    import pymupdf
    from PIL import Image, ImageDraw

    try:
        with open(file, "rb") as stream:  # noqa: PTH123 - the name may be no text
            data = stream.read()
    except OSError as error:
        raise RefusedError(f"can't be read any more: {error.strerror}") from error
    if sha256(data).hexdigest() != expected:
        raise RefusedError("has changed since it was ingested; run `quarry ingest` again")
    with pymupdf.open(stream=data, filetype="pdf") as opened:
        for password in passwords if opened.needs_pass else ():
            opened.authenticate(password)
        pixels = opened[page - 1].get_pixmap(dpi=DPI, alpha=False)
    image = Image.frombytes("RGB", (pixels.width, pixels.height), pixels.samples)
    pen = ImageDraw.Draw(image, "RGBA")
    for region in regions:
        box = [value * DPI / 72 for value in region.bbox]
        pen.rectangle(box, fill=FILL, outline=EDGE, width=2)
    out = io.BytesIO()
    image.save(out, format="PNG")
    return out.getvalue()
