"""Content codings undone: whatever was compressed comes back, bombs do not go off, nothing else is raised."""

import gzip
import io
import random
import time
import zlib

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entsurge.client.content_coding import LARGEST, decoded
from entsurge.client.failure import ClientError, ProtocolBroken, TooLarge

CODERS = {
    "gzip": gzip.compress, "x-gzip": gzip.compress, "br": brotli.compress, "deflate": zlib.compress,
    "DEFLATE": lambda data: zlib.compress(data)[2:-4],
}  # fmt: skip


@given(st.binary(max_size=2000), st.lists(st.sampled_from(sorted(CODERS)), min_size=1, max_size=4))
def test_what_was_coded_comes_back(body: bytes, codings: list[str]) -> None:
    """Any codings over one another, in their order."""
    coded = body
    for coding in codings:
        coded = CODERS[coding](coded)
    assert decoded(coded, ", ".join(codings), "u") == body


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=5), st.binary(max_size=20))
def test_members_are_all_read(members: list[bytes], behind: bytes) -> None:
    """Whatever their number, and whatever stands behind the last."""
    coded = b"".join(map(gzip.compress, members)) + (behind if behind[:1] != b"\x1f" else b"")
    assert decoded(coded, "gzip", "u") == b"".join(members)


def test_a_gzip_head_may_have_all_its_fields() -> None:
    """A name, as `gzip` writes it, extra bytes, a comment, a checksum of the head."""
    made = io.BytesIO()
    with gzip.GzipFile("nom.html", "wb", fileobj=made) as file:
        file.write(b"bienvenue")
    assert decoded(made.getvalue(), "gzip", "u") == b"bienvenue"
    plain = gzip.compress(b"bienvenue")
    full = plain[:3] + b"\x1e" + plain[4:10] + b"\x02\0xx" + b"name\0" + b"comment\0" + b"cc" + plain[10:]
    assert decoded(full, "gzip", "u") == b"bienvenue"


@given(
    st.binary(min_size=1, max_size=300), st.sampled_from(["gzip", "br", "deflate", "gzip, br", "br, gzip"]), st.data()
)
def test_a_body_cut_off_is_refused(body: bytes, coding: str, data: st.DataObject) -> None:
    """At whatever byte it ends, but at none: an empty body is empty."""
    coded = body
    for each in coding.split(", "):
        coded = CODERS[each](coded)
    cut = data.draw(st.integers(1, len(coded) - 1))
    with pytest.raises(ProtocolBroken):
        decoded(coded[:cut], coding, "u")
    assert decoded(b"", coding, "u") == b""


@given(st.binary(max_size=200), st.text(max_size=20))
def test_no_bytes_make_it_stumble(body: bytes, coding: str) -> None:
    """A body or a ClientError, whatever comes under whatever name."""
    for each in (coding, *CODERS):
        try:
            decoded(body, each, "u")
        except ClientError:
            continue


def bomb(coder, layers: int = 1) -> bytes:
    made = bytes(LARGEST + 1)
    for _ in range(layers):
        made = coder(made)
    return made


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", bomb(lambda data: gzip.compress(data, 1))),
        ("gzip, gzip", bomb(lambda data: gzip.compress(data, 1), 2)),
        ("deflate", bomb(lambda data: zlib.compress(data, 1))),
        ("br", bomb(lambda data: brotli.compress(data, quality=1))),
        ("gzip", b"".join([gzip.compress(bytes(LARGEST // 4), 1)] * 5)),
    ],
)
def test_bombs_do_not_go_off(coding: str, body: bytes) -> None:
    """Never more than 64 MiB, by one member or by many, in one layer or in several."""
    with pytest.raises(TooLarge):
        decoded(body, coding, "u")


def test_members_and_layers_are_counted() -> None:
    """A body of nothing but heads of members, or under a hundred codings, is refused at once."""
    body = gzip.compress(b"") * 100_000
    started = time.process_time()
    with pytest.raises(ProtocolBroken, match="members"):
        decoded(body, "gzip", "u")
    with pytest.raises(ProtocolBroken, match="codings"):
        decoded(body, ", ".join(["gzip"] * 100), "u")
    assert time.process_time() - started < 2


@settings(max_examples=30)
@given(st.integers(60_000, 70_000), st.binary(min_size=1, max_size=30))
def test_brotli_may_be_followed_by_anything(size: int, behind: bytes) -> None:
    """The library loses a block for it; the body is whole all the same."""
    body = random.Random(size).randbytes(size)
    assert decoded(brotli.compress(body, quality=1) + behind, "br", "u") == body
