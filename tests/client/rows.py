"""What browsers forgive: one row for each odd answer, with what Chromium and a visitor make of it.

docs/method.md has the rows as a table, written from here. `chromium` and `ours` are the text that is shown, or, after
an exclamation mark, the error: of Chromium its name, of ours the reason of the failure. The names of rows are those of
the cases in tests/client/cases, where one is there.
"""

from __future__ import annotations

import gzip
import zlib
from typing import NamedTuple

import brotli

WORD = b"bienvenue"
SEEN = WORD.decode()
FRENCH = "Déconnexion été"


class Row(NamedTuple):
    """One odd answer: its bytes, what it is called in the table, what is made of it, why where that is not the same.

    `then` is a second page to open, where it shows; `host` the name by which the server is spoken to.
    """

    name: str
    about: str
    sends: bytes
    chromium: str = SEEN
    ours: str = SEEN
    why: str = ""
    then: str = ""
    host: str = "127.0.0.1"


def head(*lines: bytes, body: bytes = WORD, status: bytes = b"HTTP/1.1 200 OK") -> bytes:
    """An answer of these lines, with nothing added but a type."""
    return b"\r\n".join([status, b"Content-Type: text/html", *lines]) + b"\r\n\r\n" + body


def page(*lines: bytes, body: bytes = WORD, kind: bytes = b"text/html", status: bytes = b"200 OK") -> bytes:
    """A whole answer with its length."""
    first = [b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *([b"Content-Type: " + kind] if kind else [])]
    return b"\r\n".join([*first, *lines]) + b"\r\n\r\n" + body


def coded(coding: bytes, body: bytes) -> bytes:
    return page(b"Content-Encoding: " + coding, body=body)


def chunked(body: bytes, *lines: bytes) -> bytes:
    return head(b"Transfer-Encoding: chunked", *lines, body=body)


def to(location: bytes, status: bytes = b"302 Found") -> bytes:
    return page(b"Location: " + location, status=status)


def cookie(line: bytes) -> bytes:
    return page(b"Set-Cookie: " + line)


LENGTH = b"Content-Length: 9"
CHUNKS = b"9\r\nbienvenue\r\n0\r\n\r\n"


def packed(word: bytes) -> bytes:
    """Compressed, the same in every process."""
    return gzip.compress(word, mtime=0)


GZIP = packed(WORD)
LATIN, UTF8 = FRENCH.encode("latin-1"), FRENCH.encode()
GARBLED = UTF8.decode("cp1252")
HALF = "half an answer is no answer: the failure of the ENT that a load test looks for"
MIME = "the words on the page can still be found; what is no UTF-8 is windows-1252, as there"

CODINGS = (
    Row("gz1", "`Content-Encoding: gzip`", coded(b"gzip", GZIP)),
    Row("gz2", "gzip in several members", coded(b"gzip", packed(b"FIRST ") + packed(b"SECONDMEMBER")),
        "FIRST", "FIRST SECONDMEMBER", "RFC 1952, 2.2: members follow one another; servers that join files rely on it"),
    Row("gzpad", "gzip, then zeros", coded(b"gzip", GZIP + bytes(64))),
    Row("gzgarbage", "gzip, then other bytes", coded(b"gzip", GZIP + b"garbage" * 9)),
    Row("gztrunc", "gzip cut off within its data", coded(b"gzip", GZIP[:-12]), "bienve", "!protocol", HALF),
    Row("gznotrailer", "gzip without its last eight bytes", coded(b"gzip", GZIP[:-8]), SEEN, "!protocol", HALF),
    Row("gzchecksum", "gzip with a wrong checksum", coded(b"gzip", GZIP[:-8] + b"wrong..."), SEEN),
    Row("gzempty", "`Content-Encoding: gzip` and no body", coded(b"gzip", b""), "", ""),
    Row("gzplain", "`Content-Encoding: gzip`, but the body is plain", coded(b"gzip", WORD),
        "!ERR_CONTENT_DECODING_FAILED", "!protocol"),
    Row("ceutf8", "`Content-Encoding: UTF-8`", coded(b"UTF-8", WORD)),
    Row("cenone", "`Content-Encoding: none`", coded(b"none", WORD)),
    Row("ceidentity", "`Content-Encoding: identity`", coded(b"identity", WORD)),
    Row("ceempty", "`Content-Encoding:` and nothing", coded(b"", WORD)),
    Row("ceunknown", "`Content-Encoding` of any other word", coded(b"aws-chunked", WORD)),
    Row("cedouble", "`Content-Encoding: gzip, gzip`, compressed twice", coded(b"gzip, gzip", packed(GZIP))),
    Row("cedouble1", "`Content-Encoding: gzip, gzip`, compressed once", coded(b"gzip, gzip", GZIP),
        "!ERR_CONTENT_DECODING_FAILED", "!protocol"),
    Row("cedup", "two fields `Content-Encoding: gzip`, compressed once",
        page(b"Content-Encoding: gzip", b"Content-Encoding: gzip", body=GZIP),
        "!ERR_CONTENT_DECODING_FAILED", "!protocol"),
    Row("cedup2", "two fields `Content-Encoding: gzip`, compressed twice",
        page(b"Content-Encoding: gzip", b"Content-Encoding: gzip", body=packed(GZIP))),
    Row("cegzipid", "`Content-Encoding: gzip, identity`: one word is no coding, so the body is as it came",
        coded(b"gzip, identity", WORD)),
    Row("cegzipbr", "`Content-Encoding: gzip, br`", coded(b"gzip, br", brotli.compress(GZIP))),
    Row("br", "`Content-Encoding: br`", coded(b"br", brotli.compress(WORD))),
    Row("brgarbage", "br, then other bytes", coded(b"br", brotli.compress(WORD) + b"garbage")),
    Row("brtrunc", "br cut off", coded(b"br", brotli.compress(WORD)[:-2]), "bienvenu", "!protocol", HALF),
    Row("deflate", "`Content-Encoding: deflate` as zlib", coded(b"deflate", zlib.compress(WORD))),
    Row("deflateraw", "`Content-Encoding: deflate` without zlib's head", coded(b"deflate", zlib.compress(WORD)[2:-4])),
    Row("deflatesum", "deflate with a wrong checksum", coded(b"deflate", zlib.compress(WORD)[:-4] + b"xxxx"),
        "!ERR_CONTENT_DECODING_FAILED", "!protocol"),
)  # fmt: skip


def said(charset: bytes, body: bytes = WORD) -> bytes:
    return page(body=body, kind=b"text/html; charset=" + charset)


CHARSETS = (
    Row("csundef", "`charset=undefined`, a page in ASCII", said(b"undefined")),
    Row("csundefmeta", "`charset=undefined`, and `<meta charset>`", said(b"undefined", b"<meta charset=utf-8>" + UTF8),
        FRENCH, FRENCH),
    Row("csundeflatin", "`charset=undefined`, a page in Latin-1", said(b"undefined", LATIN), FRENCH, FRENCH),
    *(Row(f"cs{name}", f"`charset={label.decode()}`", said(label))
      for name, label in (("base64", b"base64"), ("hex", b"hex"), ("rot", b"rot13"), ("idna", b"idna"),
                          ("utf7", b"utf-7"), ("puny", b"punycode"), ("raw", b"raw_unicode_escape"),
                          ("mbcs", b"mbcs"), ("sig", b"utf-8-sig"), ("empty", b""))),
    Row("csnul", "a zero byte in `charset`", said(b"utf\0-8"), "!ERR_INVALID_HTTP_RESPONSE", "!protocol"),
    Row("hdrlatin", "`charset=iso-8859-1`", said(b"iso-8859-1", LATIN), FRENCH, FRENCH),
    Row("csascii", "`charset=us-ascii` or `latin1`: windows-1252", said(b"us-ascii", b"\x80"), "€", "€"),
    Row("csquoted", '`charset="utf-8"`', said(b'"utf-8"', UTF8), FRENCH, FRENCH),
    Row("cstwo", "two fields `Content-Type`: the last one's charset",
        page(b"Content-Type: text/html; charset=iso-8859-1", body=LATIN, kind=b"text/html; charset=utf-8"),
        FRENCH, FRENCH),
    Row("bom8", "a byte order mark, and another charset in the field", said(b"iso-8859-1", b"\xef\xbb\xbf" + UTF8),
        FRENCH, FRENCH),
    Row("bom16", "UTF-16 by its mark alone", page(body=b"\xff\xfe" + FRENCH.encode("utf-16le")), FRENCH, FRENCH),
    Row("metalatin", "a charset in `<meta charset>` alone",
        page(body=b"<meta charset=iso-8859-1><a href='/logout'>" + LATIN),
        FRENCH, FRENCH),
    Row("metaequiv", "a charset in `<meta http-equiv>` alone",
        page(body=b'<meta http-equiv="Content-Type" content="text/html; charset=ISO-8859-1">' + LATIN),
        FRENCH, FRENCH),
    Row("metafield", "a charset in the field, another in `<meta>`: the field's",
        said(b"utf-8", b"<meta charset=iso-8859-1>" + UTF8), FRENCH, FRENCH),
    Row("metautf16", "`<meta charset=utf-16>` in a page that is none", page(body=b"<meta charset=utf-16>" + UTF8),
        FRENCH, FRENCH),
    Row("metacomment", "a `<meta charset>` in a comment: not read",
        page(body=b"<!-- <meta charset=utf-8> --><meta charset=iso-8859-1>" + LATIN), FRENCH, FRENCH),
    Row("xmlencoding", "an XML declaration before the page",
        page(body=b"<?xml version='1.0' encoding='iso-8859-15'?><p>\xa4</p>"), "€", "€"),
    Row("nolatin", "no charset at all, Latin-1", page(body=LATIN), FRENCH, FRENCH),
    Row("noutf8", "no charset at all, UTF-8", page(body=UTF8), GARBLED, FRENCH, MIME),
    Row("jsonutf8", "JSON without a charset: UTF-8", page(body=UTF8, kind=b"application/json"), FRENCH, FRENCH),
)  # fmt: skip

NO_PLACE = ("!ERR_INVALID_REDIRECT", "!protocol")


def moved(name: str, about: str, location: bytes, path: str) -> Row:
    """A redirect, and the path that is asked for by it."""
    return Row(name, about, to(location), f"{path} {SEEN}", f"{path} {SEEN}")


LOCATIONS = (
    moved("loc8", "raw UTF-8 in `Location`", "/at/été?q=é".encode(), "/at/%C3%A9t%C3%A9?q=%C3%A9"),
    moved("loclatin", "raw Latin-1 in `Location`", "/at/été".encode("latin-1"), "/at/%E9t%E9"),
    moved("locspace", "spaces in `Location`", b"/at/a b?c d", "/at/a%20b?c%20d"),
    moved("locpct", "`%zz` and a lone `%` in `Location`", b"/at/%zz%", "/at/%zz%"),
    moved("locchars", "quotes, angles, braces, a bar in `Location`", b"/at/\"<>`{}^|?\"<>'`{}^|",
          "/at/%22%3C%3E%60%7B%7D%5E%7C?%22%3C%3E%27`{}^|"),
    moved("locctl", "control characters in `Location`", b"/at/a\x01b", "/at/a%01b"),
    moved("loctab", "a tab in `Location`", b"/a\tt/x", "/at/x"),
    moved("locback", "backslashes in `Location`", b"\\at\\x", "/at/x"),
    moved("locdots", "dot segments in `Location`", b"http://127.0.0.1:PORT/a/../at/./x/%2e%2e/y", "/at/y"),
    moved("locslashes", "three slashes in `Location`", b"http:///127.0.0.1:PORT/at/x", "/at/x"),
    moved("locport0", "a port with leading zeros", b"http://127.0.0.1:000PORT/at/x", "/at/x"),
    moved("loccase", "`Location` in capitals", b"HTTP://LOCALHOST:PORT/at/x", "/at/x"),
    Row("locbad", "a `Location` that is no address", to(b"http://[bad/"), *NO_PLACE),
    Row("locport", "a port that is none in `Location`", to(b"http://127.0.0.1:99999/"), *NO_PLACE),
    Row("locjs", "`Location: javascript:…`", to(b"javascript:alert(1)"), "!ERR_ABORTED", "!protocol"),
    Row("locempty", "an empty `Location`: the body is shown", to(b"")),
    Row("locnone", "302 without `Location`: the body is shown", page(status=b"302 Found")),
    Row("loctwo", "two `Location` that differ", page(b"Location: /at/a", b"Location: /at/b", status=b"302 Found"),
        "!ERR_RESPONSE_HEADERS_MULTIPLE_LOCATION", "!protocol"),
    Row("loctwosame", "two `Location` that are the same",
        page(b"Location: /at/a", b"Location: /at/a", status=b"302 Found"), f"/at/a {SEEN}", f"/at/a {SEEN}"),
    Row("loc300", "`Location` under 300, 304, 305, 201: not followed", to(b"/at/x", b"300 Multiple Choices")),
    Row("locself", "a circle of redirects", to(b"/locself"), "!ERR_TOO_MANY_REDIRECTS", "!too-many-redirects"),
    Row("refresh", "`Refresh: 0; url=…`", page(b"Refresh: 0; url=/at/refreshed"), f"/at/refreshed {SEEN}", SEEN,
        "a visitor opens the pages of its journey; a driver names the next one"),
)  # fmt: skip

BROKEN = "!ERR_INVALID_HTTP_RESPONSE"
HEADS = (
    Row("lf", "lines that end in LF alone", head(LENGTH).replace(b"\r\n", b"\n")),
    Row("crlone", "a CR alone within a field: it ends the line", head(b"X-A: a\rb", LENGTH)),
    Row("fold", "a folded field", head(b"X-A: a\r\n  b", LENGTH)),
    Row("hdrspace", "a space before the colon", head(b"Content-Length : 9")),
    Row("hdrname", "a name that is none, no name, no colon: the line is skipped",
        head("X-É: a".encode(), b": b", b"nonsense", b"X Y: z", LENGTH)),
    Row("hdrctl", "control characters in a field", head(b"X-A: a\x01\x1b\x7fb", LENGTH)),
    Row("hdrnul", "a zero byte in a field", head(b"X-A: a\0b", LENGTH), BROKEN, "!protocol"),
    Row("leadcrlf", "empty lines before the status line", b"\r\n" + head(LENGTH)),
    Row("leadjunk", "up to four other bytes before the status line", b"\xef\xbb\xbf" + head(LENGTH)),
    Row("leadmore", "more bytes before the status line, or no HTTP at all", b"abcdefgh" + head(LENGTH), BROKEN,
        "!protocol"),
    Row("http10", "HTTP/1.0, its end the end of the body", head(status=b"HTTP/1.0 200 OK")),
    Row("httpv2", "`HTTP/2.0`, `HTTP/2` in a status line", head(LENGTH, status=b"HTTP/2 200 OK")),
    Row("httplower", "`http/1.1` in small letters", head(LENGTH, status=b"http/1.1 200 OK")),
    Row("noreason", "a status without words", head(LENGTH, status=b"HTTP/1.1 200")),
    Row("nostatus", "no status: 200", head(LENGTH, status=b"HTTP/1.1 OK")),
    Row("status299", "status 299", head(LENGTH, status=b"HTTP/1.1 299 X")),
    Row("status999", "status 999, 20 or 1000", head(LENGTH, status=b"HTTP/1.1 999 X")),
    Row("status20", "a status of two or four digits", head(LENGTH, status=b"HTTP/1.1 1000 X")),
    Row("103", "1xx before the answer", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 3 + head(LENGTH)),
    Row("1xxmany", "100 of them", b"HTTP/1.1 100 Continue\r\n\r\n" * 100 + head(LENGTH), SEEN, "!protocol",
        "an answer must not keep a visitor for ever: 32 at most"),
    Row("101", "101, unasked", b"HTTP/1.1 101 X\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", "!ERR_EMPTY_RESPONSE",
        "!protocol"),
    Row("204body", "204 with a body: it is not read", page(status=b"204 No Content"), "!ERR_ABORTED", "",
        "Chromium stays on the page before"),
    Row("upgradeh2c", "`Upgrade: h2c` beside 200, as Apache sends it",
        head(b"Upgrade: h2,h2c", b"Connection: Upgrade, Keep-Alive", LENGTH)),
    Row("headcut", "the connection ends within the head", b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-A: b", "",
        "!reset", HALF),
    Row("nothing", "the connection ends before anything came", b"", "!ERR_EMPTY_RESPONSE", "!reset"),
)  # fmt: skip

TWO_LENGTHS = ("!ERR_RESPONSE_HEADERS_MULTIPLE_CONTENT_LENGTH", "!protocol")
BODIES = (
    Row("dupcl", "two `Content-Length` that are equal", head(LENGTH, LENGTH)),
    Row("dupclcomma", "`Content-Length: 9, 9`", head(b"Content-Length: 9, 9")),
    Row("dupcldiffer", "two `Content-Length` that differ", head(LENGTH, b"Content-Length: 7"), *TWO_LENGTHS),
    Row("clnone", "a `Content-Length` that is no number, negative or too large: up to the end",
        head(b"Content-Length: -" + b"9" * 30)),
    Row("clshort", "fewer bytes than `Content-Length` says", head(b"Content-Length: 20"),
        "!ERR_CONTENT_LENGTH_MISMATCH", "!reset"),
    Row("clmore", "more bytes than `Content-Length` says: they stay unread", head(b"Content-Length: 9", body=WORD * 2)),
    Row("chunkedcl", "`Content-Length` beside chunked: chunked wins", chunked(CHUNKS, b"Content-Length: 5")),
    Row("chunkedcl2", "several lengths that differ beside chunked", chunked(CHUNKS, LENGTH, b"Content-Length: 5")),
    Row("chunked", "chunks with extensions and trailers",
        chunked(b'9;a="b"\r\nbienvenue\r\n0;c\r\nX-Sum: 1\r\nX-Sum: 2\r\n\r\n')),
    Row("chunkedtwice", "`Transfer-Encoding: chunked` twice", chunked(CHUNKS, b"Transfer-Encoding: chunked")),
    Row("chunkedfirst", "`Transfer-Encoding: chunked, identity`",
        head(b"Transfer-Encoding: chunked, identity", body=CHUNKS)),
    Row("codingunknown", "`Transfer-Encoding` of another word: up to the end", head(b"Transfer-Encoding: zip")),
    Row("chunklf", "chunks whose lines end in LF alone", chunked(CHUNKS.replace(b"\r\n", b"\n"))),
    Row("chunkspaces", "spaces after a chunk's size", chunked(b"9   \r\nbienvenue\r\n0   \r\n\r\n")),
    Row("chunkext", "chunk extensions of any form", chunked(b"9 ; a = b c; \x01\r\nbienvenue\r\n0\r\n\r\n")),
    Row("chunktrailers", "trailers of any form, a length among them",
        chunked(b"9\r\nbienvenue\r\n0\r\nContent-Length: 5\r\nX: a\r\n b\r\nodd\r\n\r\n")),
    Row("chunksize", "`0x9`, `+9` or nothing as a chunk's size", chunked(b"0x9\r\nbienvenue\r\n0\r\n\r\n"),
        "!ERR_INVALID_CHUNKED_ENCODING", "!protocol"),
    Row("chunklonger", "a chunk longer than its size", chunked(b"4\r\nbienvenue\r\n0\r\n\r\n"),
        "!ERR_INVALID_CHUNKED_ENCODING", "!protocol"),
    Row("chunkcut", "no last chunk", chunked(b"9\r\nbienvenue\r\n"), "!ERR_INCOMPLETE_CHUNKED_ENCODING", "!reset"),
    Row("chunked10", "chunked in HTTP/1.0", head(b"Transfer-Encoding: chunked", body=CHUNKS, status=b"HTTP/1.0 200 OK"),
        "9 bienvenue 0", SEEN, "RFC 9112, 6.1: it is faulty, and is read; nobody means the sizes to be seen"),
)  # fmt: skip


def kept(name: str, line: bytes, about: str, chromium: str = "x=1", ours: str = "", **more: str) -> Row:
    """A cookie, and what is sent back of it."""
    return Row(name, about, cookie(line), chromium, ours or chromium, then="echo", **more)


NOTHING = "(none)"
COOKIES = (
    kept("age2", b"x=1; Max-Age=\xb2", "`Max-Age` that is no number (`²` in Latin-1)"),
    kept("age2l", b"x=1; Max-Age=2\xc2\xb2", "`Max-Age=2²`"),
    kept("agear", "x=1; Max-Age=٣".encode(), "`Max-Age` in Arabic digits"),
    kept("agehuge", b"x=1; Max-Age=" + b"9" * 20, "`Max-Age` of 20 digits: 400 days"),
    kept("agehuge2", b"x=1; Max-Age=" + b"9" * 5000, "an attribute of more than 1024 bytes: not read"),
    kept("ageneg", b"x=1; Max-Age=-5", "`Max-Age` of 0 or less: the cookie goes", NOTHING),
    kept(
        "agebadexp", b"x=1; Expires=Wed, 09 Jun 2020 10:18:14 GMT; Max-Age=\xb2", "no `Max-Age`, but `Expires`", NOTHING
    ),
    kept("exp1", b"x=1; Expires=Wed, 09 Jun 9999999999 10:18:14 GMT", "`Expires` with a year of ten digits"),
    kept("exp2", b"x=1; Expires=nonsense", "`Expires` that is no date"),
    kept("exp3", b"x=1; Expires=Wed, 31 Feb 2020 10:18:14 GMT", "`Expires` on a day that is none"),
    kept("exp4", b"x=1; Expires=Wed, 09-Jun-20 10:18:14 GMT", "`Expires` with a year of two digits", NOTHING),
    kept("exp5", b"x=1; Expires=Wed Jun  9 10:18:14 2020", "`Expires` as C's asctime writes it", NOTHING),
    kept("exp6", b"x=1; Expires=Wed, 09 Jun 1400 10:18:14 GMT", "`Expires` before 1601", NOTHING),
    kept("exp7", b"x=1; Expires=0", "`Expires=0`, `-1`: no date"),
    kept("exp8", b"x=1; Expires=Mer, 09 juin 2020 10:18:14 GMT", "`Expires` in French: no date"),
    kept("domidn", "x=1; Domain=école.test".encode(), "`Domain` in UTF-8", NOTHING),
    kept("domempty", b"x=1; Domain=", "an empty `Domain`: this host"),
    kept("domother", b"x=1; Domain=other.test", "`Domain` of another host", NOTHING),
    Row("sec", "`Secure` over http on 127.0.0.1", cookie(b"x=1; Secure"), "SECOK", "SECOK", then="seccheck"),
    Row(
        "seclocalhost",
        "`Secure` over http on localhost",
        cookie(b"x=1; Secure"),
        "SECOK",
        "SECOK",
        then="seccheck",
        host="localhost",
    ),
    kept("nonesecure", b"x=1; SameSite=None", "`SameSite=None` without `Secure`", NOTHING),
    kept("partitioned", b"x=1; Partitioned", "`Partitioned` without `Secure`", NOTHING),
    kept("prefixhost", b"__Host-x=1; Secure; Path=/", "`__Host-` with what it asks for", "__Host-x=1"),
    kept("prefixbad", b"__Host-x=1; Path=/", "`__Host-`, `__Secure-` without `Secure`", NOTHING),
    kept("prefixhttp", b"__Http-x=1; Secure", "`__Http-` without `HttpOnly`", NOTHING),
    Row(
        "ckutf8",
        "UTF-8 in a value, sent back byte by byte",
        cookie("x=été à".encode()),
        "RAWUTF8",
        "RAWUTF8",
        then="ckback",
    ),
    kept("ckname", "é=1".encode(), "UTF-8 in a name", "é=1"),
    kept("ckctl", b"x=a\x01b", "a control character in a cookie", NOTHING),
    kept("cknoname", b"justvalue", "a cookie without a name", "justvalue"),
    kept("ckempty", b"=; Path=/", "a cookie without name and value", NOTHING),
    kept("ckbig", b"x=" + b"v" * 4096, "name and value of more than 4096 bytes", NOTHING),
    kept("cklast", b"x=1; Max-Age=0; Max-Age=60", "an attribute twice: the last counts"),
)

ROWS = CODINGS + CHARSETS + LOCATIONS + HEADS + BODIES + COOKIES


def table() -> str:
    """The table of docs/method.md."""
    lines = ["| the server sends | Chromium | entsurge | why not the same |", "|---|---|---|---|"]
    lines += [f"| {row.about} | {_told(row.chromium)} | {_told(row.ours)} | {row.why} |" for row in ROWS]
    return "\n".join(lines)


def _told(outcome: str) -> str:
    if outcome.startswith("!"):
        return f"refuses: `{outcome[1:]}`"
    if outcome in (SEEN, FRENCH):
        return "reads it"
    return {"": "shows nothing", NOTHING: "does not keep it"}.get(outcome, f"`{outcome.removesuffix(f' {SEEN}')}`")
