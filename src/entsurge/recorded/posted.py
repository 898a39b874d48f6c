"""What a recorded request has sent: its text rather than a browser's list of fields, which Chrome keeps encoded."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from entsurge.client.charset import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message

FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
ENCODED_PARAMS = ("webinspector", "webkit web inspector")  # who writes params as they were on the wire


@dataclass(slots=True)
class Posted:
    """A request's body: its type (lower case, no parameters), its text, fields in their order, names of files."""

    kind: str = ""
    text: str = ""
    fields: list[tuple[str, str]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


def posted(found: Any, kind: str = "", creator: str = "") -> Posted:
    """What a HAR's `postData` says; `kind` is the request's Content-Type, `creator` who wrote the file."""
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
        if made.kind == FORM and creator.lower() in ENCODED_PARAMS:
            made.fields = [(read(name), read(value)) for name, value in made.fields]
    return made


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
    """Fields and files of a multipart form that was kept as text."""
    head = f"Content-Type: {_one_line(kind)}\r\n\r\n"
    message = BytesParser(policy=HTTP).parsebytes((head + text).encode("utf-8", "replace"))
    fields: list[tuple[str, str]] = []
    files: list[str] = []
    for part in message.iter_parts() if message.is_multipart() else ():
        name = _name(part)
        if not name:
            continue
        if part.get_filename() is not None:
            files.append(name)
        else:
            content = part.get_payload(decode=True)
            fields.append((name, content.decode("utf-8", "replace") if isinstance(content, bytes) else ""))
    return fields, files


def _name(part: Message) -> str:
    """The field's name; the library stumbles over some of the headers that it has parsed itself."""
    try:
        name = part.get_param("name", header="content-disposition")
    except (AttributeError, IndexError, TypeError, ValueError):
        return ""
    return name if isinstance(name, str) else ""


def _one_line(text: str) -> str:
    return "".join(each for each in text if each >= " ")
