"""Text of scanned pages by Tesseract, which is built into MuPDF; the data of a language must be installed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

from quarry.deadline import put_off

DPI = 300
"""What Tesseract was trained for."""
PAGE_S = 20.0
"""Added to the time limit for each page: one takes a second or two, and long scans take as many."""


class Ocr(NamedTuple):
    """Languages (`eng`, `deu+eng`) and the folder of their data."""

    language: str
    folder: str

    def textpage(self, page: Any, flags: int) -> Any:
        """Of the page's image as it is displayed."""
        put_off(PAGE_S)
        return page.get_textpage_ocr(flags=flags, language=self.language, dpi=DPI, full=True, tessdata=self.folder)


def ocr_of(language: str) -> Ocr | None:
    """None where the data of one of the languages is neither where TESSDATA_PREFIX says nor in the system's folders."""
    wanted = [f"{name}.traineddata" for name in language.split("+")]
    for folder in _folders():
        if all((folder / name).is_file() for name in wanted):
            return Ocr(language, str(folder))
    return None


def _folders() -> list[Path]:
    own = os.environ.get("TESSDATA_PREFIX")
    system = [*Path("/usr/share/tesseract-ocr").glob("*/tessdata"), Path("/usr/share/tessdata")]
    return [*([Path(own)] if own else []), *system]
