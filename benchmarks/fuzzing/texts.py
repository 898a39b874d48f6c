"""Changes to bytes, lines and frames: what transport, editors and spreadsheets do to a file, and what nobody does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

CHANGES = (1, 1, 1, 2, 3, 4)  # to one input: few, so that some get through
LARGEST = 200_000  # bytes of an input that is blown up
ODD = (
    b"",
    b"\x00",
    b"\xff",
    b"\xed\xa0\x80",
    "\ufffe".encode(),
    "\u2028".encode(),
    "é".encode(),
    b"\xe9",
    b'"',
    b"'",
    b"\\",
    b"{",
    b"}",
    b"{a}",
    b"[",
    b"%",
    b"%zz",
    b"&#0;",
    b"<",
    b"<!--",
    b"]]>",
    b"../" * 50,
    b"a" * 5000,
    b"\r",
    b"\x1b[31m",
    b"http://[",
    b"//",
    b"nan",
    b"-inf",
    b"null",
    b"=1+1",
    b"1/0",
)
NUMBERS = (
    b"0",
    b"-1",
    b"1.5",
    b"1e308",
    b"1e400",
    b"-1e-400",
    b"9" * 19,
    b"9" * 400,
    b"9" * 5000,
    "٣".encode(),
    b"\xb2",
    b"0x10",
    b"1_000",
    b"1 000",
    b"1,5",
    b"9999-12-31",
    b"0001-01-01",
    b"25:61",
    b"-",
    b"",
)
_NUMBER = re.compile(rb"[0-9]+")
_TAGS = re.compile(rb"(<[^>]*>)")
_BETWEEN = re.compile(rb"([,;\t|= ])")
PREFIXES = (
    b"ent.fr:443 ",
    b"Jan 12 09:00:00 host nginx: ",
    b"2026-01-12T09:00:00Z stdout F ",
    b"\xef\xbb\xbf",
    b"sep=;\n",
    b"# ",
    b'"',
    b" ",
    b"{",
    b"<?xml version='1.0'?>",
)
ENCODINGS = ("utf-16", "utf-16-le", "cp1252", "utf-8-sig", "utf-7")
ENDS = (b"\r", b"\r\n", b"\n\r", b"\n\n", b"\x0b", "\u2028".encode(), b"")


def flip(data: bytes, dice: random.Random) -> bytes:
    """One to four bytes have another value."""
    made = bytearray(data)
    for _ in range(dice.randint(1, 4) if made else 0):
        made[dice.randrange(len(made))] = dice.randrange(256)
    return bytes(made)


def cut(data: bytes, dice: random.Random) -> bytes:
    """It ends in the middle."""
    return data[: dice.randint(0, len(data))]


def drop(data: bytes, dice: random.Random) -> bytes:
    """A piece is lost."""
    at = dice.randint(0, len(data))
    return data[:at] + data[at + dice.randint(1, 20) :]


def repeat(data: bytes, dice: random.Random) -> bytes:
    """A piece stands there many times."""
    at, size = dice.randint(0, len(data)), dice.randint(1, 60)
    return data[:at] + data[at : at + size] * dice.choice((2, 3, 40)) + data[at:]


def insert(data: bytes, dice: random.Random) -> bytes:
    """Something odd stands in it."""
    at = dice.randint(0, len(data))
    return data[:at] + dice.choice(ODD) + data[at:]


def number(data: bytes, dice: random.Random) -> bytes:
    """A number is another one, or none."""
    found = list(_NUMBER.finditer(data[:20_000]))
    if not found:
        return insert(data, dice)
    match = dice.choice(found)
    return data[: match.start()] + dice.choice(NUMBERS) + data[match.end() :]


def lines(data: bytes, dice: random.Random) -> bytes:
    """A line is lost, doubled, moved, cut, or begins otherwise."""
    found = data.split(b"\n")
    at, other = dice.randrange(len(found)), dice.randrange(len(found))
    match dice.randrange(6):
        case 0:
            del found[at]
        case 1:
            found.insert(other, found[at])
        case 2:
            found[at], found[other] = found[other], found[at]
        case 3:
            found[at] = cut(found[at], dice)
        case 4:
            found[at] = dice.choice(PREFIXES) + found[at]
        case _:
            found[at : at + 1] = [found[at]] * dice.choice((2, 50))
    return b"\n".join(found)


def fields(data: bytes, dice: random.Random) -> bytes:
    """Within a line, fields are exchanged, lost, doubled or odd."""
    found = data.split(b"\n")
    at = dice.randrange(len(found))
    parts = _BETWEEN.split(found[at][:5000])
    one, other = (2 * dice.randrange((len(parts) + 1) // 2) for _ in range(2))
    match dice.randrange(4):
        case 0:
            parts[one], parts[other] = parts[other], parts[one]
        case 1:
            del parts[one : one + 2]
        case 2:
            parts[one:one] = parts[one : one + 2]
        case _:
            parts[one] = dice.choice((*ODD, *NUMBERS))
    found[at] = b"".join(parts)
    return b"\n".join(found)


def encoding(data: bytes, dice: random.Random) -> bytes:
    """The same letters in another encoding."""
    try:
        return data.decode().encode(dice.choice(ENCODINGS))
    except UnicodeError:
        return data.decode("latin-1").encode(errors="replace")


def line_ends(data: bytes, dice: random.Random) -> bytes:
    """Lines end otherwise."""
    return data.replace(b"\n", dice.choice(ENDS), dice.choice((-1, -1, 1, 3)))


def frames(data: bytes, dice: random.Random) -> bytes:
    """HTTP/2 frames are lost, doubled, exchanged, or have another head."""
    found, at = list[bytes](), 0
    while at < len(data):
        size = 9 + int.from_bytes(data[at : at + 3], "big")
        found.append(data[at : at + size])
        at += size
    if not found:
        return data
    at, other = dice.randrange(len(found)), dice.randrange(len(found))
    match dice.randrange(5):
        case 0:
            del found[at]
        case 1:
            found[other:other] = [found[at]] * dice.choice((1, 1, 30))
        case 2:
            found[at], found[other] = found[other], found[at]
        case 3:
            piece = bytearray(found[at])
            piece[dice.randrange(min(9, len(piece)))] = dice.randrange(256)
            found[at] = bytes(piece)
        case _:
            payload = flip(found[at][9:], dice)
            found[at] = found[at][:9] + payload
    return b"".join(found)


def elements(data: bytes, dice: random.Random) -> bytes:
    """Of markup, tags and texts are lost, doubled, exchanged, or have another name; attributes too."""
    found = _TAGS.split(data)
    tags = [at for at, part in enumerate(found) if part.startswith(b"<")] or [0]
    at, other = dice.choice(tags), dice.choice(tags)
    match dice.randrange(10):
        case 0:
            found[at] = b""
        case 1:
            found[at:at] = found[min(at, other) : max(at, other)][:200]
        case 2:
            found[at], found[other] = found[other], found[at]
        case 3:
            found[(at + 1) % len(found)], found[(other + 1) % len(found)] = found[(other + 1) % len(found)], found[at]
        case 4 | 6 | 7 | 8:
            found[(at + 1) % len(found)] = dice.choice((*ODD, *NUMBERS)).replace(b"<", b"&lt;")
        case 5:
            found[at] = found[at].replace(b"=", dice.choice((b"", b"= ", b"='", b'="" a=')), 1)
        case _:
            found[at] = found[at][:1] + flip(found[at][1:-1], dice) + found[at][-1:]
    return b"".join(found)


BYTES: Sequence[Callable[[bytes, random.Random], bytes]] = (flip, cut, drop, repeat, insert, number)
LINES = (*BYTES, lines, lines, fields, fields, fields, encoding, line_ends)
MARKUP = (*BYTES, lines, encoding, *(elements,) * 16)
FRAMES = (*BYTES, frames, frames, frames, frames)


def changed(
    data: bytes, dice: random.Random, ways: Sequence[Callable[[bytes, random.Random], bytes]], other: bytes
) -> bytes:
    """A few changes; sometimes the end is another input's."""
    for _ in range(dice.choice(CHANGES)):
        data = dice.choice(ways)(data, dice)
    return cut(data, dice) + other[dice.randint(0, len(other)) :] if dice.random() < 0.1 else data


def blown_up(data: bytes, dice: random.Random, openings: Sequence[bytes]) -> bytes:
    """One opening, or two in turn, over and over: what is quadratic takes minutes of it."""
    piece = dice.choice(openings) + (dice.choice(openings) if dice.random() < 0.3 else b"")
    at = dice.choice((0, len(data), dice.randint(0, len(data))))
    return data[:at] + piece * (dice.choice((2_000, 20_000, LARGEST)) // max(1, len(piece))) + data[at:]
