"""The encoder's tokenizer without its weights: token counts, ids and offsets on the `tokenizers` library alone."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from tokenizers import Tokenizer

from encoders._batches import batches
from encoders._local import Parts, looks_at_words, pieces
from encoders._recent import Located, Recent
from quarry.errors import ModelError
from quarry.offsets import Offsets
from quarry.span import Span

PIECE = 2**16
"""Characters of a long text that are tokenised at once, where its tokenizer allows: the tokenizer's own record of each
token takes some 300 bytes."""
GROUP = 2**18
"""Characters of many texts that are."""
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """Counts and ids as the model sees them. Fits `quarry.encoding.TokenCounter`; safe to share between threads.

    A text is content: `[SEP]` or `</s>` written in a document becomes ordinary tokens, never a control token. Lone
    surrogates, which no tokenizer takes, are read as U+FFFD. Pickles by its arguments, so worker processes can take it.
    """

    path: Path
    """Folder that holds tokenizer.json."""
    max_tokens: int
    """Most tokens of one model input: special tokens, prompt and text."""
    prompt: str
    fingerprint: str
    """Hex SHA-256 of tokenizer.json."""
    prefix: tuple[int, ...]
    """Ids of the special tokens before a text."""
    suffix: tuple[int, ...]
    """Ids of the special tokens after a text."""
    prompt_ids: tuple[int, ...]
    """Ids of the prompt on its own."""
    tokenizer: Tokenizer
    local: bool = False
    """True where no token depends on what stands beyond the white space around its word."""
    recent: Recent = field(default_factory=Recent, repr=False)

    @classmethod
    def from_folder(cls, path: Path, *, max_tokens: int, prompt: str = "") -> Tokens:
        """Reads `path/tokenizer.json`. ModelError where it is missing, damaged or leaves no room for text."""
        data = _definition(path / "tokenizer.json")
        tokenizer = _tokenizer(data, path=path)
        prefix, suffix = _special_tokens(tokenizer)
        prompt_ids = tuple(tokenizer.encode(prompt, add_special_tokens=False).ids)
        if len(prefix) + len(prompt_ids) + len(suffix) >= max_tokens:
            raise ModelError(
                f"{path}: special tokens and the prompt {prompt!r} fill the model's {max_tokens} tokens; "
                "choose a shorter prompt or a larger max_tokens",
                path=str(path),
            )
        return cls(
            path,
            max_tokens,
            prompt,
            sha256(data).hexdigest(),
            prefix,
            suffix,
            prompt_ids,
            tokenizer,
            looks_at_words(data),
        )

    @property
    def limit(self) -> int:
        """Most tokens that context + text of one chunk may have."""
        return self.max_tokens - len(self.prefix) - len(self.prompt_ids) - len(self.suffix)

    def count(self, text: str) -> int:
        return len(self.ids_of(text))

    def ids_of(self, text: str) -> array[int]:
        """Token ids of one text, remembered."""
        known = self.recent.ids(text)
        if known is None:
            known = array("i", self.tokenizer.encode_batch_fast([clean(text)], add_special_tokens=False)[0].ids)
            self.recent.keep(text, known)
        return known

    def parts(self, text: str) -> Parts | None:
        """Counts of parts of `text` without tokenising them again; None where this tokenizer can't be taken apart."""
        return Parts(text, self) if self.local else None

    def ids(self, texts: Sequence[str]) -> list[array[int]]:
        """Token ids of each text, special tokens and prompt left out; of texts counted before without new work."""
        made = {text: ids for text in dict.fromkeys(texts) if (ids := self.recent.ids(text)) is not None}
        fresh = [text for text in dict.fromkeys(texts) if text not in made]
        for group in batches(fresh, length=len, budget=GROUP):
            found = self.tokenizer.encode_batch_fast([clean(text) for text in group], add_special_tokens=False)
            made.update(zip(group, (array("i", encoding.ids) for encoding in found), strict=True))
        return [made[text] for text in texts]

    def offsets(self, text: str) -> Offsets:
        """`(start, end)` code points of each token, special tokens left out; as many as `count`.

        Tokens that share one character (bytes of an emoji, say) share its range; a range may be empty.
        """
        return self.located(text)[1]

    def located(self, text: str) -> Located:
        """Ids and offsets of a text from one pass; the last text is remembered."""
        found = self.recent.located(text)
        if found is None:
            found = self._located(text)
            self.recent.keep_located(text, found)
        return found

    def _located(self, text: str) -> Located:
        ids, places = array("i"), array("i")
        for span in pieces(text, length=PIECE) if self.local else [Span(0, len(text))]:
            encoding = self.tokenizer.encode(clean(span.of(text)), add_special_tokens=False)
            ids.extend(encoding.ids)
            places.extend(span.start + place for pair in encoding.offsets for place in pair)
        return ids, Offsets(places[::2], places[1::2])

    def __reduce__(self) -> tuple[Callable[..., Tokens], tuple[Path, int, str]]:
        return _load, (self.path, self.max_tokens, self.prompt)


def _load(path: Path, max_tokens: int, prompt: str) -> Tokens:
    return Tokens.from_folder(path, max_tokens=max_tokens, prompt=prompt)


def _definition(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ModelError(
            f"can't read {file}: {error.strerror}; the model folder needs a tokenizer.json", path=str(file)
        ) from error


def _tokenizer(data: bytes, *, path: Path) -> Tokenizer:
    """The tokenizer with truncation, padding and control tokens in texts switched off."""
    try:
        tokenizer = Tokenizer.from_buffer(data)
    except ValueError as error:
        raise ModelError(f"{path}/tokenizer.json is damaged: {error}; copy the model again", path=str(path)) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = True
    return tokenizer


def _special_tokens(tokenizer: Tokenizer) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """What the post-processor puts before and after a text."""
    probe = tokenizer.encode("a")
    body = [index for index, sequence in enumerate(probe.sequence_ids) if sequence is not None]
    return tuple(probe.ids[: body[0]]), tuple(probe.ids[body[-1] + 1 :])


def clean(text: str) -> str:
    return _SURROGATE.sub("\ufffd", text)
