"""Which files a run looks at, and that what it did not look at is never deleted."""

from __future__ import annotations

import pytest

from quarry.errors import ConfigError
from tests.pipeline.place import Place, counted


def test_include_and_exclude_of_a_run(place: Place) -> None:
    for path in ("a.md", "b.txt", "drafts/c.md", "drafts/deep/d.md", "e.png"):
        place.write(path, f"The lighthouse of {path}.")
    report = place.ingest(include=("*.md",), exclude=("drafts/deep/**",))
    assert counted(report) == {"seen": 2, "added": 2, "excluded": 3}
    assert sorted(place.documents()) == ["a.md", "drafts/c.md"]
    narrower = place.ingest(include=("a.md",))
    assert counted(narrower) == {"seen": 1, "unchanged": 1, "excluded": 4}
    assert sorted(place.documents()) == ["a.md", "drafts/c.md"]  # what a run leaves out is not gone
    assert counted(place.ingest()) == {"seen": 4, "added": 2, "unchanged": 2, "excluded": 1}


def test_include_of_a_declared_source_says_what_belongs_to_it(place: Place) -> None:
    for path in ("a.md", "b.txt", "c.md"):
        place.write(path, f"The lighthouse of {path}.")
    declared = f"sources.docs.path={place.docs}"
    place.ingest(f"docs={place.docs}", settings=[declared])
    left = place.ingest(f"docs={place.docs}", settings=[declared, "sources.docs.exclude=['*.txt']"])
    assert counted(left) == {"seen": 2, "unchanged": 2, "deleted": 1, "excluded": 1}
    assert sorted(place.documents()) == ["a.md", "c.md"]
    place.assert_clean()


@pytest.mark.parametrize("glob", ["[z-a].md", "[]"])
def test_a_wrong_pattern_is_an_error_of_the_settings(place: Place, glob: str) -> None:
    with pytest.raises(ConfigError, match="is no pattern"):
        place.ingest(include=(glob,))


def test_a_part_of_a_source_deletes_nothing(place: Place) -> None:
    place.notes(4)
    place.notes(2, folder="sub/")
    place.ingest()
    (place.docs / "note3.md").unlink()
    assert counted(place.ingest(limit=2)) == {"seen": 2, "unchanged": 2}
    assert counted(place.ingest(place.docs / "note0.md")) == {"seen": 1, "unchanged": 1}
    assert counted(place.ingest(place.docs / "*.md")) == {"seen": 3, "unchanged": 3}
    assert counted(place.ingest(f"docs={place.docs}/sub/*")) == {"seen": 2, "unchanged": 2}
    assert "note3.md" in place.documents()
    assert counted(place.ingest()) == {"seen": 5, "unchanged": 5, "deleted": 1}
    assert "note3.md" not in place.documents()


def test_keep_missing(place: Place) -> None:
    place.notes(4)
    place.ingest()
    (place.docs / "note3.md").unlink()
    (place.docs / "note2.md").rename(place.docs / "other.md")
    kept = place.ingest(keep_missing=True)
    assert counted(kept) == {"seen": 3, "added": 1, "unchanged": 2}
    assert (kept["work"]["parsed"], kept["work"]["encoded"]) == (0, 0)
    assert place.found("number3") == ["note3.md"]
    assert sorted(place.documents()) == ["note0.md", "note1.md", "note2.md", "note3.md", "other.md"]
    place.assert_clean()


def test_limit_takes_the_first_and_the_rest_comes_later(place: Place) -> None:
    place.notes(5)
    assert counted(place.ingest(limit=2)) == {"seen": 2, "added": 2}
    assert counted(place.ingest(limit=4)) == {"seen": 4, "added": 2, "unchanged": 2}
    assert counted(place.ingest()) == {"seen": 5, "added": 1, "unchanged": 4}


def test_a_source_keeps_its_root(place: Place) -> None:
    place.notes(1)
    place.ingest()
    other = place.folder / "other" / "docs"
    other.mkdir(parents=True)
    with pytest.raises(ConfigError, match=r"if the folder moved, add --set sources\.docs\.path="):
        place.ingest(other)
    with pytest.raises(ConfigError, match="overlap"):
        place.ingest(f"all={place.folder}")
