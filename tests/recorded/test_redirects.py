"""Redirects belong to the page that asked; 304 is a page; the landing page is home; which hosts are the ENT."""

import pytest
from tests.recorded.drafting import HOME, LOGIN, drafted, entry, form, pages, recording

from entsurge.errors import UsageError
from entsurge.recorded import har


def of(folder, *entries):
    return drafted(recording(folder, *entries))[0]


@pytest.mark.parametrize("says", ["location", "redirect-url", "nothing"])
def test_a_redirect_is_one_page(tmp_path, says) -> None:
    """By its Location, by the recorder's word for it, or by what is asked for next."""
    first = entry("http://e/courrier", status=302, at=1, location="/courrier/recus" if says == "location" else "")
    if says == "redirect-url":
        first["response"]["redirectURL"] = "http://e/courrier/recus"
    style = entry("http://e/t.css", kind="text/css", at=1.5)
    made = of(tmp_path, entry("http://e/accueil", HOME), first, style, entry("http://e/courrier/recus", HOME, at=2))
    assert [page[1]["url"] for page in pages(made)] == ["/accueil", "/courrier"]


def test_a_redirect_whose_end_is_not_there_is_no_status_to_expect(tmp_path) -> None:
    """A driver follows it, and sees where it leads."""
    made = of(tmp_path, entry("http://e/", HOME), entry("http://e/x", status=302, location="http://e/y", at=1))
    assert "expect" not in made.file["page"][1]["request"][0]


def test_the_landing_page_is_home(tmp_path) -> None:
    """Where the sign-on ended is opened as the home page; a ticket that counts once is left out."""
    made = of(
        tmp_path,
        entry("http://e/entree", LOGIN),
        entry("http://e/login", method="POST", status=302, at=1, location="/bureau?ticket=ST-48abC9dE7fG",
              post=form("username=alix.m&password=motdepasse9")),
        entry("http://e/bureau?ticket=ST-48abC9dE7fG", HOME, at=2),
        entry("http://e/messagerie/", HOME, at=3),
    )  # fmt: skip
    assert pages(made) == [("home", {"url": "/bureau"}), ("messages", {"url": "/messagerie/"})]


def test_without_a_landing_page_the_door_is_home(tmp_path) -> None:
    """A run needs a home page that only reads."""
    made = of(tmp_path, entry("http://e/messagerie/", HOME))
    assert pages(made)[0] == ("home", {"url": "/messagerie/"})


@pytest.mark.parametrize(("status", "kept"), [(200, True), (304, True), (404, False), (500, False), (403, False)])
def test_a_page_that_failed_is_left_out(tmp_path, status, kept) -> None:
    """A 304 is a page; a failure that was recorded is nothing to wait for, and said."""
    made = of(tmp_path, entry("http://e/", HOME), entry("http://e/messagerie/", status=status, at=1))
    assert ("messages" in [service for service, *_ in pages(made)]) is kept
    assert any(str(status) in note for note in made.notes) is not kept


def test_the_login_url_keeps_its_query(tmp_path) -> None:
    """Byte for byte: a school, a kind of account."""
    made = of(
        tmp_path,
        entry("http://e/", HOME),
        entry("http://e/login?profil=%E9l%E8ve&etab=0750001A&direct", LOGIN, at=1),
        entry("http://e/login", HOME, method="POST", at=2, post=form("username=alix&password=motdepasse9")),
    )
    assert made.file["sign_on"]["login_url"] == "/login?profil=%E9l%E8ve&etab=0750001A&direct"


def test_a_cas_on_another_host_is_kept_for_the_sign_on(tmp_path) -> None:
    """Its password went there on the way to the site; the door is the page that it leads back to."""
    service = "https%3A%2F%2Fent.example%2Fcas-entree"
    made = of(
        tmp_path,
        entry("https://ent.example/", "<a href=/cas-entree>x</a>"),
        entry(f"https://sso.example/cas/login?service={service}", LOGIN, at=1),
        entry(f"https://sso.example/cas/login?service={service}", method="POST", status=302, at=2,
              location="https://ent.example/cas-entree?ticket=ST-1", post=form("username=alix&password=motdepasse9")),
        entry("https://ent.example/cas-entree?ticket=ST-1", status=302, location="https://ent.example/bureau", at=3),
        entry("https://ent.example/bureau", HOME, at=4),
    )  # fmt: skip
    assert made.file["sign_on"]["method"] == "cas"
    assert made.file["sign_on"]["login_url"] == "https://sso.example/cas/login"
    assert made.file["door"] == "/cas-entree"
    assert pages(made) == [("home", {"url": "/bureau"})]
    assert any(note.startswith("sso.example") for note in made.notes)


# -- hosts -----------------------------------------------------------------------------------------------------------


def test_a_frame_never_wins_over_the_site(tmp_path) -> None:
    """However many documents other hosts have put into its pages, and whichever came first."""
    frames = [f"http://pub.example/{n}" for n in range(6)]
    page = HOME + "".join(f"<iframe src='{url}'></iframe>" for url in frames[:4])
    visit = har.read(recording(
        tmp_path,
        entry("http://e/", page),
        *(entry(url, "<html>", at=1) for url in frames[:4]),
        *(entry(url, "<html>", at=2, headers={"Sec-Fetch-Dest": "iframe"}) for url in frames[4:]),
        entry("http://e/notes", HOME, at=3),
    ))  # fmt: skip
    assert visit.hosts == ["e"]
    assert visit.dropped == {"pub.example": 6}


def test_a_page_that_says_no_type_is_the_site_all_the_same(tmp_path) -> None:
    """A browser's copy that was confirmed; what the recorder puts with it are frames, however many."""
    page = entry("http://e/accueil", None, status=304, kind="", pageref="page_1")
    frames = [entry(f"http://pub.example/{n}", "<html>", at=1, pageref="page_1") for n in range(3)]
    assert har.read(recording(tmp_path, page, *frames)).hosts == ["e"]


def test_a_frame_of_the_site_belongs_to_its_page(tmp_path) -> None:
    """It is asked for with the page, and is none of its own."""
    made = of(tmp_path, entry("http://e/", HOME + "<iframe src=/cadre>"), entry("http://e/cadre", "<p>", at=1))
    assert pages(made) == [("home", {"url": "/"}, {"url": "/cadre"})]


@pytest.mark.parametrize(
    ("named", "kept"),
    [
        ("127.0.0.1", 3), ("127.0.0.1:8099", 2), ("127.0.0.1:8100", 1), ("[::1]:9", 1), ("::1", 1), ("[::1]", 1),
        ("ENT.example", 1), ("ent.example:443", 1), ("http://127.0.0.1:8100", 1),
    ],
)  # fmt: skip
def test_hosts_are_named_with_a_port_or_without(tmp_path, named, kept) -> None:
    """IPv6 addresses too; one that is not there is refused with those that are."""
    urls = ["http://127.0.0.1:8099/", "http://127.0.0.1:8099/a", "http://127.0.0.1:8100/", "http://[::1]:9/",
            "https://ent.example/"]  # fmt: skip
    path = recording(tmp_path, *(entry(url, HOME, at=n) for n, url in enumerate(urls)))
    assert len(har.read(path, [named]).steps) == kept
    with pytest.raises(UsageError, match=r"nothing of 127\.0\.0\.1:1"):
        har.read(path, ["127.0.0.1:1"])


def test_the_order_is_that_of_time(tmp_path) -> None:
    """Offsets, fractions of any length; what bears no time, or one years off, stays behind what it stood behind."""
    times = [
        "2026-01-12T10:00:00Z",
        "2026-01-12T11:00:00.5+01:00",
        "2026-01-12T10:00:00.75Z",
        "9999-12-31T00:00:00Z",
        "",
    ]
    entries = [entry(f"http://e/{n}", HOME) for n in range(5)]
    for each, text in zip(entries, times, strict=True):
        each["startedDateTime"] = text
    made = of(tmp_path, *entries[:3][::-1], *entries[3:])
    assert [page[1]["url"] for page in pages(made)] == ["/0", "/3", "/4", "/1", "/2"]


def test_methods_that_no_driver_asks_are_left_out(tmp_path) -> None:
    """OPTIONS and HEAD alone are no visit; among others they are said."""
    beside = [entry("http://e/api", method="OPTIONS", at=1), entry("http://e/api", method="HEAD", at=2)]
    made = of(tmp_path, entry("http://e/", HOME), *beside)
    assert len(made.file["page"]) == 1
    assert any("OPTIONS (1), HEAD (1)" in note for note in made.notes)
    with pytest.raises(UsageError, match="no request in it"):
        har.read(recording(tmp_path, *beside))
