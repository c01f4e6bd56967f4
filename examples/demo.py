"""`make demo`: ingest the sample documents, ask a question, and draw the answer's place on its page."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import mkdtemp

from quarry.cli.main import run

CORPUS = Path(__file__).parent / "corpus"
QUESTION = "How much notice does either party have to give to end the agreement?"
NEW_PROBLEMS = 3
"""The scanned page of the corpus is a problem that the first run reports."""


def main() -> int:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else mkdtemp(prefix="quarry-demo-"))
    store, picture = folder / "store", folder / "answer.png"
    print(f"$ quarry ingest {CORPUS.name}", flush=True)
    code = run(["ingest", str(CORPUS), "--store", str(store)])
    if code not in (0, NEW_PROBLEMS):
        return code
    print(f'\n$ quarry search "{QUESTION}" -k 3', flush=True)
    code = run(["search", QUESTION, "-k", "3", "--store", str(store)])
    return code or _picture(store, picture)


def _picture(store: Path, picture: Path) -> int:
    from pipeline.views import encoder_of, open_collection
    from quarry.settings import load
    from search.search import search

    settings = load(options={"store": str(store)}).settings
    hits = search(open_collection(settings), QUESTION, encoder=encoder_of, k=3)
    best = next(hit.row.chunk for hit in hits if hit.row.chunk.regions)
    print(f"\n$ quarry show {best.id[:12]} --image {picture}", flush=True)
    return run(["show", best.id, "--image", str(picture), "--store", str(store)])


if __name__ == "__main__":
    sys.exit(main())
