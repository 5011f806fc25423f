"""XML that strangers wrote, streamed in constant memory: entities refused, tokens bounded.

A parser that expands entities can be made to fill any memory with a few hundred bytes
("billion laughs") or to fetch other files; recordings have no entity of their own, so every
declaration of one is an error.  Element and attribute text must fit `LARGEST_TOKEN`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO, NoReturn
from xml.parsers import expat

from hrv.errors import FormatError

CHUNK = 1 << 18
LARGEST_TOKEN = 1 << 24
DEEPEST = 64
_TAIL = 1 << 14
"""Longest tag that `only` is sure to find; a whole piece is looked at where one is longer."""

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]
Text = Callable[[str], None]


def stream(
    file: BinaryIO,
    source: str,
    *,
    start: Start,
    end: End | None = None,
    text: Text | None = None,
    only: tuple[bytes, ...] = (),
) -> None:
    """Feed a file through expat.

    Parameters
    ----------
    file : binary file
        Where from.
    source : str
        Name for messages.
    start, end, text : callable
        Called for each element begun and ended and each piece of text.
    only : tuple of bytes
        What every element that matters has in its tag: where none of these is near, the file
        is checked for being well-formed and nothing is called, which is twice as fast.

    Raises
    ------
    FormatError
        If it is not well-formed, was cut short, declares an entity, or has a token or a
        nesting beyond any recording.
    """
    parser = expat.ParserCreate()

    def refuse(*_: object) -> NoReturn:
        raise FormatError("declares an XML entity, which no recording needs: refused",
                          source=source, line=parser.CurrentLineNumber)  # fmt: skip

    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    parser.StartElementHandler = start
    if end is not None:
        _count_depth(parser, source, start, end)
    if text is not None:
        parser.buffer_text = True
        parser.CharacterDataHandler = text
    try:
        _feed(parser, file, source, start, only)
    except expat.ExpatError as error:
        raise FormatError(
            f"is no whole XML document ({expat.ErrorString(error.code)}); it was cut short or "
            "damaged, export it again", source=source, line=error.lineno
        ) from None  # fmt: skip
    except (ValueError, LookupError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(f"is no XML document ({error})", source=source) from None


def _count_depth(parser: expat.XMLParserType, source: str, start: Start, end: End) -> None:
    depth = 0

    def opened(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise FormatError("is nested too deeply to be a recording", source=source,
                              line=parser.CurrentLineNumber)  # fmt: skip
        start(name, attributes)

    def closed(name: str) -> None:
        nonlocal depth
        depth -= 1
        end(name)

    parser.StartElementHandler = opened
    parser.EndElementHandler = closed


def _feed(
    parser: expat.XMLParserType, file: BinaryIO, source: str, start: Start, only: tuple[bytes, ...]
) -> None:
    fed, tail = 0, b""
    while chunk := file.read(CHUNK):
        if only:
            near = tail + chunk  # a tag may have begun in the piece before
            wanted = any(word in near for word in only) or len(chunk) < CHUNK
            parser.StartElementHandler = start if wanted else None
            tail = chunk[-_TAIL:]
        parser.Parse(chunk)
        fed += len(chunk)
        if fed - parser.CurrentByteIndex > LARGEST_TOKEN:
            raise FormatError(
                f"holds a piece of more than {LARGEST_TOKEN >> 20} MB: no recording",
                source=source, line=parser.CurrentLineNumber,
            )  # fmt: skip
    parser.Parse(b"", True)  # noqa: FBT003 - expat takes it by position
