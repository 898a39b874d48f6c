"""The worked measures for HAProxy, on a real HAProxy: each does what its page says, and is gone after its end."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from chaos_parts import command_alive, free_port
from chaos_subject import until
from worked_parts import WORKED, Asking, Portal, get, in_force, portal, worked

from entsurge.chaos.faults.fault import make
from entsurge.chaos.haproxy import ask
from entsurge.errors import EntsurgeError

pytestmark = pytest.mark.needs("haproxy")


class Front:
    """The page's HAProxy before a portal that serves one request at a time."""

    def __init__(self, folder: Path, behind: Portal) -> None:
        self.measures, self.portal, self.socket = folder / "measures", behind, str(folder / "admin.sock")
        self.url = f"http://127.0.0.1:{free_port()}"
        shutil.copytree(WORKED / "haproxy", self.measures)
        self.conf = self.measures / "haproxy.cfg"
        self.conf.write_text(self.conf.read_text().replace("maxconn 50", "maxconn 1").replace("gt 90", "gt 20"))
        self.environment = {
            "ENT_BIND": self.url.removeprefix("http://"), "ENT_PORTAL": f"127.0.0.1:{behind.port}",
            "ENT_HAPROXY_MEASURES": str(self.measures), "ENTSURGE_HAPROXY_SOCKET": self.socket,
        }  # fmt: skip

    def waiting(self) -> int:
        """How many requests wait for the portal."""
        rows = ask(self.socket, "show stat").splitlines()
        return sum(int(line.split(",")[2] or 0) for line in rows if line.startswith(("portal,BACKEND", "portal,one")))


@pytest.fixture
def front(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    """The HAProxy, once it answers."""
    with portal() as behind:
        one = Front(tmp_path, behind)
        for name, value in one.environment.items():
            monkeypatch.setenv(name, value)
        command = ["haproxy", "-f", str(one.conf), "-db", "-q"]
        with command_alive(command, stderr=subprocess.DEVNULL, env=os.environ | one.environment):
            until(lambda: get(one.url).status == 200, 10, "haproxy")
            yield one


def test_deferred_people_are_told_to_come_back_later(front: Front) -> None:
    """503 with Retry-After and the page for their profile, forms too; others, strangers and signing off pass."""
    with in_force(worked("haproxy", "parents-later")):
        told = get(front.url + "/travail", "POST", profil="parent")
        assert (told.status, told.headers["retry-after"]) == (503, "300")
        assert "revenir plus tard" in told.body
        passing = (get(front.url, profil="eleve"), get(front.url), get(front.url + "/deconnexion", profil="parent"))
        assert {one.status for one in passing} == {200}
    assert get(front.url, profil="parent").status == 200


def test_where_requests_wait_deferred_people_wait_behind_the_others(front: Front) -> None:
    """Parents who came first are served after the pupil who came last; without the measure in order."""

    def order() -> list[str]:
        front.portal.let.clear()
        front.portal.served.clear()
        first = Asking(front.url + "/slow")
        until(lambda: "/slow" in front.portal.served, 5, "busy")
        asked = []
        for number, (path, profile) in enumerate((("/a", "parent"), ("/b", "parent"), ("/c", "eleve")), 1):
            asked.append(Asking(front.url + path, profil=profile))
            until(lambda number=number: front.waiting() == number, 5, f"{number} wait")
        front.portal.let.set()
        assert {each.answer().status for each in (first, *asked)} == {200}
        return front.portal.served[1:]

    with in_force(worked("haproxy", "parents-last")):
        assert order() == ["/c", "/a", "/b"]
    assert order() == ["/a", "/b", "/c"]


def test_a_user_has_a_pace_and_others_have_theirs(front: Front) -> None:
    """Past so many in a minute 429 with Retry-After; another session and who has none pass; nobody afterwards."""
    with in_force(worked("haproxy", "rate-per-user")):
        until(lambda: get(front.url, ENTSESSION="a").status == 429, 20, "past the rate")
        assert get(front.url, ENTSESSION="a").headers["retry-after"] == "60"
        assert get(front.url, ENTSESSION="b").status == 200
        assert {get(front.url).status for _ in range(30)} == {200}
    assert get(front.url, ENTSESSION="a").status == 200


def test_the_home_page_is_a_file_and_the_portal_is_not_asked(front: Front) -> None:
    """The file, without one request behind; the portal's page again afterwards."""
    with in_force(worked("haproxy", "static-home")):
        front.portal.served.clear()
        assert "allégée" in get(front.url + "/accueil", profil="parent").body
        assert front.portal.served == []
        assert get(front.url + "/travail").status == 200
    assert "the portal's /accueil" in get(front.url + "/accueil").body


def test_the_map_has_again_what_it_had(front: Front) -> None:
    """Another value than off comes back; a line or a map that HAProxy does not have is said before anything is done."""
    known = str(front.measures / "measures.map")
    ask(front.socket, f"set map {known} static-home later")
    with in_force(make("haproxy-map", {"socket": front.socket, "map_file": known, "key": "static-home"})):
        assert 'value="on"' in ask(front.socket, f"get map {known} static-home")
    assert 'value="later"' in ask(front.socket, f"get map {known} static-home")
    for wrong in ({"map_file": known, "key": "nothing"}, {"map_file": "/nowhere.map", "key": "static-home"}):
        with pytest.raises(EntsurgeError, match=f"no {wrong['key']} in the map {wrong['map_file']}"):
            make("haproxy-map", {"socket": front.socket, **wrong}).prepare()
        assert make("haproxy-map", {"socket": front.socket, **wrong}).refusals()
    assert worked("haproxy", "static-home").refusals() == []
    with pytest.raises(EntsurgeError, match=r"settings\.key"):
        make("haproxy-map", {"socket": front.socket, "map_file": known, "key": "a; shutdown frontend ent"})
