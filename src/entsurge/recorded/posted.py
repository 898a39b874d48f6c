"""What a recorded request has sent: its text rather than a browser's list of fields, which Chrome keeps encoded."""

from __future__ import annotations

import base64
import binascii
import logging
import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from python_multipart.multipart import MultipartParser, parse_options_header

from entsurge.client.charset import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

logging.getLogger("python_multipart").setLevel(logging.CRITICAL)  # a form that ends too early is no news to anybody
FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
_ENCODED = re.compile(r"(?:[\w.*+~!'()-]|%[0-9A-Fa-f]{2})*", re.ASCII)


@dataclass(slots=True)
class Posted:
    """A request's body: its type (lower case, no parameters), its text, fields in their order, names of files."""

    kind: str = ""
    text: str = ""
    fields: list[tuple[str, str]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


def posted(found: Any, kind: str = "") -> Posted:
    """What a HAR's `postData` says; `kind` is the request's Content-Type."""
    if not isinstance(found, dict):
        return Posted()
    given = found.get("mimeType")
    whole = given if isinstance(given, str) and given else kind
    text = found.get("text")
    made = Posted(essence(whole), _decoded(text, found, whole) if isinstance(text, str) else "")
    params = list(_params(found))
    if not made.kind and params and not made.text:
        made.kind = FORM
    if made.text and made.kind == FORM:
        made.fields = of_query(made.text)
    elif made.text and made.kind == MULTIPART:
        made.fields, made.files = _parts(made.text, whole)
    if not made.fields and not made.files and made.kind in (FORM, MULTIPART) and not made.text.strip():
        made.fields = [(name, value) for name, value, is_file in params if not is_file]
        made.files = [name for name, _, is_file in params if is_file]
        if made.kind == FORM and _encoded([text for pair in made.fields for text in pair]):
            made.fields = [(read(name), read(value)) for name, value in made.fields]
    return made


def _encoded(texts: list[str]) -> bool:
    """Whether fields are listed as they were on the wire, as Chrome does, and not as they are read."""
    return any("%" in text for text in texts) and all(_ENCODED.fullmatch(text) for text in texts)


def essence(kind: str) -> str:
    """A Content-Type without its parameters, in lower case."""
    return kind.partition(";")[0].strip().lower()


def of_query(text: str) -> list[tuple[str, str]]:
    """Fields of a form's text, empty ones too; bytes that are no UTF-8 are read as browsers of old wrote them."""
    pieces = (piece.partition("=") for piece in text.replace("\r\n", "&").split("&") if piece)
    return [(read(name), read(value)) for name, _, value in pieces]


def read(text: str) -> str:
    """What percent-encoding stands for."""
    try:
        return unquote_plus(text, errors="strict")
    except UnicodeDecodeError:
        return unquote_plus(text, encoding="windows-1252", errors="replace")


def in_base64(text: str) -> bytes:
    """The bytes; none for what is no base64."""
    try:
        return base64.b64decode(text, validate=False)
    except (binascii.Error, ValueError):
        return b""


def _decoded(text: str, found: dict[str, Any], kind: str) -> str:
    """The text; base64 undone, in the charset that the type names."""
    encoding = found.get("encoding") or found.get("_encoding")
    if isinstance(encoding, str) and encoding.lower() == "base64":
        return text_of(in_base64(text), kind).text
    return text


def _params(found: dict[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """Name, value and whether it is a file, of each of a HAR's params."""
    params = found.get("params")
    for each in params if isinstance(params, list) else ():
        if isinstance(each, dict) and isinstance(each.get("name"), str):
            value = each.get("value")
            yield each["name"], value if isinstance(value, str) else "", bool(each.get("fileName"))


def _parts(text: str, kind: str) -> tuple[list[tuple[str, str]], list[str]]:
    """Fields and files of a multipart form that was kept as text; as far as it can be read."""
    found = _Form()
    lines = text if "\r\n" in text else text.replace("\n", "\r\n")
    with suppress(ValueError):
        found.read(lines.encode("utf-8", "replace"), _boundary(lines, kind))
    return found.fields, found.files


def _boundary(text: str, kind: str) -> bytes:
    """What stands between the parts: as the type says, else as the text begins."""
    said = parse_options_header(kind)[1].get(b"boundary", b"")
    return said or text.lstrip().partition("\r\n")[0].removeprefix("--").encode("utf-8", "replace")


class _Form:
    """Takes a multipart form apart: names of all parts, values of those that are no file."""

    def __init__(self) -> None:
        self.fields: list[tuple[str, str]] = []
        self.files: list[str] = []
        self._head, self._data = b"", bytearray()

    def read(self, data: bytes, boundary: bytes) -> None:
        """Raises ValueError where it is no form any more; what came before is kept."""
        parser = MultipartParser(boundary, {
            "on_part_begin": self._begin, "on_header_field": self._add_head, "on_header_value": self._add_head,
            "on_header_end": self._end_head, "on_part_data": self._add, "on_part_end": self._end,
        })  # fmt: skip
        parser.write(data.lstrip())
        parser.finalize()

    def _begin(self) -> None:
        self._head, self._data = b"", bytearray()

    def _add_head(self, data: bytes, start: int, end: int) -> None:
        self._head += data[start:end]

    def _end_head(self) -> None:
        self._head += b"\n"

    def _add(self, data: bytes, start: int, end: int) -> None:
        self._data += data[start:end]

    def _end(self) -> None:
        heads = (line for line in self._head.split(b"\n") if line.lower().startswith(b"content-disposition"))
        options = parse_options_header(next(heads, b"")[len("content-disposition") :])[1]
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if name and b"filename" in options:
            self.files.append(name)
        elif name:
            self.fields.append((name, self._data.decode("utf-8", "replace")))
