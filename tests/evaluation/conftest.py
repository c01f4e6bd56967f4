"""A one-layer encoder, a small corpus with questions, and what an evaluation of it is given."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pymupdf
import pytest

from tests.pipeline.drill import cut_model

TOPICS = ("salt marshes", "steam engines", "honey bees", "glacier ice", "paper mills", "river locks")
HTML = "<html><body><h1>Kites</h1><p>A kite needs a\n tail of <b>ribbons</b> to fly level.</p></body></html>"


def essay(topic: str) -> str:
    """Eight paragraphs; the third says what is asked for."""
    paragraphs = [
        f"Paragraph {n} on {topic}. They were studied for {n + 3} years. Much was written about them since then."
        for n in range(8)
    ]
    paragraphs[2] += f" The first book on {topic} was bound in blue leather."
    return f"# On {topic}\n\n" + "\n\n".join(paragraphs) + "\n"


def write_pdf(file: Path) -> None:
    with pymupdf.open() as document:
        for number, animal in enumerate(("walrus", "heron", "otter"), start=1):
            page = document.new_page()
            page.insert_text((72, 100), f"Page {number} tells how the {animal} feeds its young in spring.", fontsize=11)
        document.save(str(file))


@pytest.fixture(scope="session")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cut_model(tmp_path_factory.mktemp("model") / "model")


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Markdown with gold spans, a web page whose places are those of its source."""
    folder = tmp_path_factory.mktemp("bench")
    (folder / "corpora").mkdir()
    rows = []
    for topic in TOPICS:
        name, text = topic.replace(" ", "_"), essay(topic)
        (folder / "corpora" / f"{name}.md").write_text(text)
        content = f"The first book on {topic} was bound in blue leather."
        start = text.index(content)
        reference = {"content": content, "start_index": start, "end_index": start + len(content)}
        rows.append((f"How was the first book on {topic} bound?", [reference], name))
    (folder / "corpora" / "kites.html").write_text(HTML)
    wanted = {"content": "A kite needs a tail of ribbons", "start_index": HTML.index("A kite"), "end_index": 70}
    rows.append(("What does a kite need?", [wanted], "kites"))
    with (folder / "questions_df.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("question", "references", "corpus_id"))
        writer.writerows((question, json.dumps(gold), name) for question, gold, name in rows)
    return folder


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PDF whose answers are pages."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "corpus").mkdir()
    write_pdf(folder / "corpus" / "animals.pdf")
    lines = [
        f"How does the {animal} feed its young?,animals.pdf,{page}" for page, animal in ((1, "walrus"), (3, "otter"))
    ]
    (folder / "questions.csv").write_text("question,document,page\n" + "\n".join(lines) + "\n")
    return folder
