"""Undoing Content-Encoding as browsers do, within bounds: gzip, deflate, br, one over the other.

A coding that is none of these leaves the whole body as it came, whatever stands beside it, as in Chromium (net/filter).
Where Chromium is content with half a body (gzip, deflate or br cut off), this is not: a body that is not whole is the
server's failure. Checksums of gzip are not compared, as in Chromium; what follows the last member is read over.
Formats: RFC 1950 to 1952, RFC 7932; `deflate` without its zlib head, too, since servers send it.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import brotli

from entsurge.client.failure import ProtocolBroken, TooLarge

if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST = 64 * 1024 * 1024
MOST_LAYERS = 8
MOST_MEMBERS = 4096
_BLOCK = 64 * 1024
_BLOCKS = (_BLOCK, 1024, 32, 1)
_MAGIC = b"\x1f\x8b\x08"
_HAS_CHECKSUM, _HAS_EXTRA, _TEXTS, _TRAILER = 0x02, 0x04, (0x08, 0x10), 8


class _Broken(Exception):
    """The bytes are not what the coding says, or end too early."""


def decoded(raw: bytes, coding: str, url: str) -> bytes:
    """The body that these bytes hold under a Content-Encoding. Raises ProtocolBroken, TooLarge (more than 64 MiB)."""
    for undo in reversed(_layers(coding)):
        if not raw:
            break
        try:
            raw = undo(raw)
        except (_Broken, zlib.error, brotli.error) as error:
            raise ProtocolBroken(f"{url}: the body cannot be decoded ({coding[:40]}): {error}") from None
    return raw


def _layers(coding: str) -> tuple[Callable[[bytes], bytes], ...]:
    names = [name.strip(" \t").lower() for name in coding[:1024].split(",")]
    if not all(name in _UNDO for name in names):
        return ()
    if len(names) > MOST_LAYERS:
        raise ProtocolBroken(f"a body under more than {MOST_LAYERS} codings")
    return tuple(_UNDO[name] for name in names)


def _gunzipped(raw: bytes) -> bytes:
    """Every member of a gzip body, one after the other; padding and other bytes after the last are nothing."""
    parts: list[bytes] = []
    at, room = 0, LARGEST
    for _ in range(MOST_MEMBERS):
        part, end = _inflated(raw, _after_head(raw, at), -zlib.MAX_WBITS, room)
        parts.append(part)
        room -= len(part)
        at = end + _TRAILER
        if at > len(raw):
            raise _Broken("it is cut off")
        if not raw.startswith(_MAGIC, at):
            return b"".join(parts)
    raise _Broken(f"more than {MOST_MEMBERS} members")


def _after_head(raw: bytes, at: int) -> int:
    """Where the deflated bytes of a gzip member begin (RFC 1952, 2.3)."""
    if not raw.startswith(_MAGIC[: len(raw) - at], at):
        raise _Broken("it is no gzip")
    flags = raw[at + 3] if len(raw) > at + 3 else 0
    at += 10
    if flags & _HAS_EXTRA:
        at += 2 + int.from_bytes(raw[at : at + 2], "little")
    for text in _TEXTS:
        if flags & text:
            at = (raw.find(b"\0", at) + 1) or len(raw)
    return at + (2 if flags & _HAS_CHECKSUM else 0)


def _inflated(raw: bytes, at: int, bits: int, room: int) -> tuple[bytes, int]:
    """What the deflate stream at this place holds, and where it ends. Never more than `room` bytes (TooLarge)."""
    decoder, view, parts = zlib.decompressobj(bits), memoryview(raw), []
    while at < len(raw):
        block = view[at : at + _BLOCK]
        part = decoder.decompress(block, room + 1)
        at += len(block)
        room -= len(part)
        if room < 0:
            raise TooLarge(f"a body of more than {LARGEST} bytes when it is decoded")
        parts.append(part)
        if decoder.eof:
            return b"".join(parts), at - len(decoder.unused_data)
        at -= len(decoder.unconsumed_tail)
    raise _Broken("it is cut off")


def _undeflated(raw: bytes) -> bytes:
    """Zlib, or the bare deflate that some servers send (RFC 9110, 8.4.1.2)."""
    has_head = len(raw) > 1 and raw[0] & 0x0F == zlib.DEFLATED and int.from_bytes(raw[:2]) % 31 == 0
    return _inflated(raw, 0, zlib.MAX_WBITS if has_head else -zlib.MAX_WBITS, LARGEST)[0]


class _BlockLost(Exception):
    """A block in which a brotli stream breaks, or ends before the block does."""

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at = at


def _unbrotlied(raw: bytes) -> bytes:
    """Brotli; what follows the stream is read over.

    The library loses what a block held when other bytes follow in it: from there on it is read in smaller blocks.
    """
    marks: list[int] = []
    while True:
        try:
            return _brotli_in(raw, marks)
        except _BlockLost as lost:
            marks.append(lost.at)
            if len(marks) == len(_BLOCKS):
                raise _Broken("it is no brotli") from None


def _brotli_in(raw: bytes, marks: list[int]) -> bytes:
    """What a brotli stream holds, read in blocks that are smaller from each mark on. Raises _BlockLost, TooLarge."""
    decoder, parts, room, at = brotli.Decompressor(), [], LARGEST, 0
    while at < len(raw):
        block = raw[at : at + _BLOCKS[sum(mark <= at for mark in marks)]]
        try:
            part = decoder.process(block, output_buffer_limit=room + 1)
        except brotli.error:
            raise _BlockLost(at) from None
        at += len(block)
        while True:
            parts.append(part)
            room -= len(part)
            if room < 0:
                raise TooLarge(f"a body of more than {LARGEST} bytes when it is decoded")
            if decoder.is_finished():
                return b"".join(parts)
            if decoder.can_accept_more_data():
                break
            part = decoder.process(b"", output_buffer_limit=room + 1)
    raise _Broken("it is cut off")


_UNDO: dict[str, Callable[[bytes], bytes]] = {
    "gzip": _gunzipped, "x-gzip": _gunzipped, "deflate": _undeflated, "br": _unbrotlied,
}  # fmt: skip
