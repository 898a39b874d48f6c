"""Who may look and who may press a button on the live page."""

import pytest

from entsurge.live.admission import LOOPBACK_NAMES, Admission

HERE = Admission(LOOPBACK_NAMES, 9647)
AWAY = Admission(("crisis.example.org",), 9647, tls=True, operators="a token of the operator's")


@pytest.mark.parametrize("host", ["127.0.0.1:9647", "localhost:9647", "[::1]:9647", "LOCALHOST:9647"])
def test_a_host_that_is_ours(host: str) -> None:
    """The names of this machine, with the port that is served."""
    assert HERE.knows_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "", "evil.example:9647", "127.0.0.1", "127.0.0.1:80", "127.0.0.1.evil.example:9647", "localhost:x",
        "me@localhost:9647", "localhost:9647/a", "[::1", "localhost:9647?a", "127.0.0.1:99999999",
    ],
)  # fmt: skip
def test_a_host_that_was_made_to_resolve_to_us(host: str) -> None:
    """DNS rebinding: the browser asks us, and names somebody else."""
    assert not HERE.knows_host(host)


@pytest.mark.parametrize(
    ("origin", "ours"),
    [
        ("http://127.0.0.1:9647", True), ("http://localhost:9647", True), ("https://127.0.0.1:9647", False),
        ("http://127.0.0.1:9648", False), ("null", False), ("", False), ("http://evil.example", False),
    ],
)  # fmt: skip
def test_a_button_is_pressed_on_our_page_alone(origin: str, ours: bool) -> None:
    """Both the page's token and its origin; either alone is nothing."""
    assert HERE.may_press({"origin": origin, "x-entsurge-token": HERE.button}) is ours
    assert not HERE.may_press({"origin": origin, "x-entsurge-token": HERE.ticket})
    assert not HERE.may_press({"origin": origin})


def test_looking_is_free_on_loopback() -> None:
    """As it is with every port there."""
    assert HERE.may_look({})
    assert not HERE.knows_operator("")


def test_elsewhere_looking_takes_the_operators_token() -> None:
    """As a bearer token or by the cookie that was given for it; nothing else, not the button's either."""
    assert AWAY.may_look({"authorization": "Bearer a token of the operator's"})
    assert AWAY.may_look({"cookie": f"other=1; {AWAY.cookie}={AWAY.ticket}"})
    for wrong in (
        {}, {"authorization": "Bearer wrong"}, {"authorization": f"Bearer {AWAY.button}"}, {"authorization": "Bearer "},
        {"authorization": "Basic a token of the operator's"}, {"cookie": f"{AWAY.cookie}=wrong"},
        {"cookie": f"{AWAY.cookie}=é\udcff"}, {"cookie": "\x00"},
    ):  # fmt: skip
        assert not AWAY.may_look(wrong), wrong


def test_secrets_are_drawn_anew_and_shown_nowhere() -> None:
    """Every page has its own; none is in what an error would print."""
    again = Admission(LOOPBACK_NAMES, 9647)
    assert len({HERE.button, HERE.ticket, again.button, again.ticket}) == 4
    assert not any(secret in repr(AWAY) for secret in (AWAY.operators, AWAY.button, AWAY.ticket))
    assert AWAY.set_cookie.endswith("Path=/; HttpOnly; SameSite=Strict; Secure")
    assert AWAY.cookie.startswith("__Host-")
