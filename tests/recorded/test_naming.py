"""Drafted pages bear the names that scenarios ask for; of others it is said that nobody opens them."""

from tests.drivers.test_actions_table import used
from tests.recorded.drafting import HOME, drafted, entry, form, recording

from entsurge.recorded.naming import ACTIONS


def test_the_names_are_those_of_the_shipped_scenarios() -> None:
    """Each of them, by service, and no other."""
    listed = {(service, name) for service, names in ACTIONS.items() for name in names.known()}
    assert listed == set(used())


def test_pages_are_named_as_scenarios_ask(tmp_path) -> None:
    """A list, one of what it lists, what is sent; a second of each is said to be opened by nobody."""
    listed = f"{HOME}<a href='/messages/4711'>x</a><a href='/messages/4712'>y</a>"
    made, _ = drafted(
        recording(
            tmp_path,
            entry("http://e/", HOME),
            entry("http://e/messages/liste", listed),
            entry("http://e/messages/4711", HOME),
            entry("http://e/messages/nouveau", HOME),
            entry("http://e/messages/envoi", HOME, method="POST", post=form("texte=Bonjour+Madame")),
            entry("http://e/devoirs/rendre", HOME, method="POST", post=form("texte=Bonjour+Madame")),
        )
    )
    names = [page["action"] for page in made.file["page"]]
    assert names == ["open-home", "read-inbox", "read-message", "open-messages", "send-message", "send-homework"]
    said = [note for note in made.notes if "nobody opens it" in note]
    assert said[1] == (
        "open-messages: nobody opens it; the scenarios know: read-inbox, read-message, send-message, answer-message"
    )
    assert said[0].startswith("send-homework: nobody opens it; the scenarios know: ")
