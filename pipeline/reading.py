"""Documents for the commands that use no store: files and folders through the same worker pool as a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace

from parsers import parser
from parsers._media import media_type
from pipeline.recipe import recipe_of, with_private
from pipeline.workers import Limits, ParseJob, ParseResult, ParserPool
from quarry.errors import DocumentError
from quarry.fingerprint import document_id
from quarry.settings import Effective
from quarry.types import Document, Origin, Outcome
from sources import Input, inputs
from sources.reading import Content, hash_content
from sources.spec import Scope, resolve


def read_documents(effective: Effective, specs: Sequence[str]) -> Iterator[Document]:
    """In the order of the inputs. A document that can't be read comes back empty, with its outcome and reason."""
    return (result.document for result in read_results(effective, specs))


def read_results(effective: Effective, specs: Sequence[str], *, dpi: int = 0) -> Iterator[ParseResult]:
    """Documents as `read_documents`; with `dpi`, pictures of the pages of PDFs."""
    settings = effective.settings
    extensions = sorted({e for kind in parser.names() for e in parser.strategy(kind).extensions})
    scope = Scope(declared=settings.sources, stored={}, extensions=extensions)
    found = (item for source in resolve(specs, scope=scope) for item in inputs(source))
    limits = Limits(**settings.limits.model_dump())
    workers = settings.ingest.processes
    parsers = with_private(recipe_of(effective).parsers, settings.parsers)
    with ParserPool(workers=workers, limits=limits, settings=parsers) as pool:
        waiting: list[tuple[Origin, Input, Future[ParseResult] | DocumentError]] = []
        for item in found:
            waiting.append(_submitted(item, effective, pool=pool, dpi=dpi))
            if len(waiting) >= 4 * workers:
                yield _result(*waiting.pop(0))
        for entry in waiting:
            yield _result(*entry)


def _submitted(
    item: Input, effective: Effective, *, pool: ParserPool, dpi: int
) -> tuple[Origin, Input, Future[ParseResult] | DocumentError]:
    collection = effective.settings.collection
    origin = Origin(
        document_id(collection, item.source, item.path), item.uri, item.source, item.path, "", item.metadata
    )
    try:
        content: Content = hash_content(item, max_bytes=effective.settings.limits.max_mb * 1e6)
    except DocumentError as error:
        return origin, item, error
    origin = replace(origin, sha256=content.sha256)
    found = item.media_type or media_type(content.head, name=item.path)
    data = item.body() if item.body is not None else None
    job = ParseJob(origin=origin, media_type=found, path=item.file, data=data, dpi=dpi)
    return origin, item, pool.submit(job)


def _result(origin: Origin, item: Input, answer: Future[ParseResult] | DocumentError) -> ParseResult:
    if not isinstance(answer, DocumentError):
        try:
            found = answer.result()
            return replace(found, document=replace(found.document, title=item.title)) if item.title else found
        except DocumentError as error:
            answer = error
    outcome, reason = Outcome(answer.outcome), str(answer)
    return ParseResult(Document(origin, item.media_type or "", "", (), parser="", outcome=outcome, reason=reason), 0.0)
