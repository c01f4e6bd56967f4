"""The script that needs no Quarry: text of each file, LangChain's splitter, sentence-transformers, a LanceDB table.

`python -m benchmarks._floor DOCUMENTS TABLE MODEL SIZE whole|document`: what a person would write in an afternoon, each
library as its own documentation shows it. `document` encodes each document's chunks in a call of their own, as a script
does that keeps no more than one document; `whole` collects the chunks of all documents for one call. Prints its CPU.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ADD_ROWS = 2000
"""Rows of one `add`: as many as a batch of Quarry's."""


def text_of(file: Path) -> str:
    """By the cheapest means that give readable text: scripts and styles of a web page are no text."""
    if file.suffix == ".pdf":
        import pymupdf

        with pymupdf.open(str(file)) as document:
            return "\n".join(page.get_text() for page in document)
    if file.suffix == ".html":
        from lxml import html  # type: ignore[import-untyped]  # lxml ships no types

        tree = html.fromstring(file.read_bytes())
        for element in tree.xpath("//script|//style|//noscript"):
            element.drop_tree()
        return str(tree.text_content())
    return file.read_text(encoding="utf-8", errors="replace")


def main(folder: str, store: str, model: str, size: str, call: str) -> None:
    import lancedb
    from langchain_text_splitters import RecursiveCharacterTextSplitter
    from sentence_transformers import SentenceTransformer

    encoder = SentenceTransformer(model)
    splitter = RecursiveCharacterTextSplitter.from_huggingface_tokenizer(
        encoder.tokenizer, chunk_size=int(size), chunk_overlap=0
    )
    files = sorted(path for path in Path(folder).iterdir() if path.is_file())
    split = ((file.name, splitter.split_text(text_of(file))) for file in files)
    groups = split if call == "document" else iter([_joined(split)])
    table: Any = None
    texts: list[str] = []
    for batch in _batches(groups, encoder):
        texts += [row["text"] for row in batch]
        if table is None:
            table = lancedb.connect(store).create_table("chunks", data=batch)
        else:
            table.add(batch)
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(one.ru_utime + one.ru_stime for one in used)
    counted = encoder.tokenizer(texts, truncation=True, max_length=encoder.max_seq_length)["input_ids"]
    print(json.dumps({"cpu": cpu, "chunks": len(texts), "tokens": sum(map(len, counted))}))


def _joined(split: Iterator[tuple[str, list[str]]]) -> tuple[list[str], list[str]]:
    pairs = [(name, text) for name, texts in split for text in texts]
    return [name for name, _ in pairs], [text for _, text in pairs]


def _batches(groups: Iterator[tuple[Any, list[str]]], encoder: Any) -> Iterator[list[dict[str, Any]]]:
    rows: list[dict[str, Any]] = []
    for name, texts in groups:
        names = [name] * len(texts) if isinstance(name, str) else name
        vectors = encoder.encode(texts) if texts else ()
        rows += [
            {"source": source, "text": text, "vector": vector}
            for source, text, vector in zip(names, texts, vectors, strict=True)
        ]
        while len(rows) >= ADD_ROWS:
            yield rows[:ADD_ROWS]
            rows = rows[ADD_ROWS:]
    if rows:
        yield rows


if __name__ == "__main__":
    main(*sys.argv[1:])
