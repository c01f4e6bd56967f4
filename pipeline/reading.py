"""Documents for the commands that use no store: files and folders through the same worker pool as a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace

from parsers import parser
from parsers._media import media_type
from pipeline.recipe import recipe_of
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
    settings = effective.settings
    extensions = sorted({e for kind in parser.names() for e in parser.strategy(kind).extensions})
    scope = Scope(declared=settings.sources, stored={}, extensions=extensions)
    found = (item for source in resolve(specs, scope=scope) for item in inputs(source))
    limits = Limits(**settings.limits.model_dump())
    workers = settings.ingest.processes
    with ParserPool(workers=workers, limits=limits, settings=recipe_of(effective).parsers) as pool:
        waiting: list[tuple[Origin, Input, Future[ParseResult] | DocumentError]] = []
        for item in found:
            waiting.append(_submitted(item, effective, pool=pool))
            if len(waiting) >= 4 * workers:
                yield _document(*waiting.pop(0))
        for entry in waiting:
            yield _document(*entry)


def _submitted(
    item: Input, effective: Effective, *, pool: ParserPool
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
    return origin, item, pool.submit(ParseJob(origin=origin, media_type=found, path=item.file, data=data))


def _document(origin: Origin, item: Input, answer: Future[ParseResult] | DocumentError) -> Document:
    if not isinstance(answer, DocumentError):
        try:
            document = answer.result().document
            return replace(document, title=item.title) if item.title else document
        except DocumentError as error:
            answer = error
    outcome, reason = Outcome(answer.outcome), str(answer)
    return Document(origin, item.media_type or "", "", (), parser="", outcome=outcome, reason=reason)
