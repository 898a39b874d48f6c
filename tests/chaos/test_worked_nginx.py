"""The worked measures for nginx, on a real nginx: each does what its page says, and is gone after its off."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chaos_parts import command_alive, free_port
from chaos_subject import Subject, until
from worked_parts import WORKED, Asking, Portal, get, in_force, portal, worked

from entsurge.errors import EntsurgeError

pytestmark = pytest.mark.needs("nginx")
PLACE = "/etc/nginx/measures"  # what the page says, and a test has elsewhere
CONF = """
daemon off; {user} pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1;
events {{ worker_connections 256; }}
http {{
  access_log off;
  {temporary}
  include {folder}/measures/http.conf;
  server {{
    listen 127.0.0.1:{port};
    include {folder}/measures/server.conf;
    location / {{ proxy_pass http://127.0.0.1:{portal}; }}
  }}
}}
"""


class Front:
    """An nginx with the measures of the page, before a portal."""

    def __init__(self, folder: Path, behind: Portal) -> None:
        self.folder, self.measures, self.portal = folder, folder / "measures", behind
        self.url = f"http://127.0.0.1:{free_port()}"
        shutil.copytree(WORKED / "nginx", self.measures)
        for file in self.measures.rglob("*.conf"):
            file.write_text(file.read_text().replace(PLACE, str(self.measures)))
        self.conf = folder / "nginx.conf"
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        self.conf.write_text(
            CONF.format(
                folder=folder, port=self.url.rpartition(":")[2], portal=behind.port,
                user="user root;" if os.geteuid() == 0 else "",
                temporary=" ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds),
            )
        )  # fmt: skip
        self.command = ["nginx", "-c", str(self.conf), "-e", str(folder / "error.log")]

    def status(self, path: str = "/travail", **cookies: str) -> int:
        """What somebody with these cookies is answered."""
        return get(self.url + path, **cookies).status


def throughout(front: Front, status: int, path: str = "/travail", **cookies: str) -> Callable[[], bool]:
    """Whether ten in a row are answered so: for a moment after a reload, old and new processes both answer."""
    return lambda: all(front.status(path, **cookies) == status for _ in range(10))


@pytest.fixture
def front(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    """The nginx, once it answers."""
    with portal() as behind:
        one = Front(tmp_path, behind)
        monkeypatch.setenv("ENT_NGINX_MEASURES", str(one.measures))
        monkeypatch.setenv("NGINX", " ".join(one.command))
        with command_alive(one.command, stderr=subprocess.DEVNULL):
            until(lambda: one.status() == 200, 10, "nginx")
            yield one


def test_deferred_people_are_told_to_come_back_later(front: Front) -> None:
    """503 with Retry-After and the page for their profile, forms too; others, strangers and signing off pass."""
    with in_force(worked("nginx", "parents-later")):
        until(throughout(front, 503, profil="parent"), 5, "in force")
        told = get(front.url + "/travail", "POST", profil="personnel")
        assert told.status == 503
        assert told.headers["Retry-After"] == "300"
        assert "revenir plus tard" in told.body
        assert front.status(profil="eleve") == front.status() == front.status("/deconnexion", profil="parent") == 200
    until(throughout(front, 200, profil="parent"), 5, "off again")


def test_deferred_people_wait_in_a_queue_of_their_own(front: Front) -> None:
    """Five at once take 0.4 s at ten a second, and nobody else waits for them; past its places it answers 429."""
    queue = front.measures / "available" / "parents-queue.conf"
    with in_force(worked("nginx", "parents-queue")):
        assert (front.measures / "enabled" / "parents-queue.conf").is_file()

        def waited() -> bool:
            begun = time.monotonic()
            parents = [Asking(front.url + "/travail", profil="parent") for _ in range(5)]
            assert {front.status(profil="eleve") for _ in range(3)} == {200}
            assert {each.answer().status for each in parents} == {200}
            return time.monotonic() - begun > 0.35

        until(waited, 5, "in force")
    queue.write_text(queue.read_text().replace("burst=100", "burst=1"))
    with in_force(worked("nginx", "parents-queue")):

        def answers() -> set[int]:
            return {each.answer().status for each in [Asking(front.url, profil="parent") for _ in range(6)]}

        until(lambda: answers() == {200, 429}, 5, "full")
        assert front.status(profil="eleve") == 200


def test_a_user_has_a_pace_and_others_have_theirs(front: Front) -> None:
    """Past thirty at once 429 with Retry-After; another session and who has none pass."""
    with in_force(worked("nginx", "rate-per-user")):
        until(lambda: 429 in {front.status(ENTSESSION="a") for _ in range(45)}, 5, "in force")
        answers = [get(front.url, ENTSESSION="a") for _ in range(3)]
        assert any(one.status == 429 and one.headers["Retry-After"] for one in answers), answers
        assert front.status(ENTSESSION="b") == 200
        assert {front.status() for _ in range(45)} == {200}
    until(lambda: {front.status(ENTSESSION="a") for _ in range(45)} == {200}, 5, "off again")


def test_the_home_page_is_a_file_and_the_portal_is_not_asked(front: Front) -> None:
    """The file, without one request behind; the portal's page again afterwards."""
    with in_force(worked("nginx", "static-home")):
        until(lambda: all("allégée" in get(front.url + "/accueil").body for _ in range(10)), 5, "in force")
        front.portal.served.clear()
        got = get(front.url + "/accueil", profil="parent")
        assert (got.status, got.headers["Content-Type"], front.portal.served) == (200, "text/html; charset=utf-8", [])
        assert front.status("/travail") == 200
    until(lambda: "the portal's /accueil" in get(front.url + "/accueil").body, 5, "off again")


def test_who_is_being_served_is_not_cut_and_measures_add_up(front: Front) -> None:
    """A page under way at both reloads arrives whole; two measures are in force at once, and end one by one."""
    under_way = Asking(front.url + "/slow", profil="parent")
    until(lambda: "/slow" in front.portal.served, 5, "under way")
    with in_force(worked("nginx", "parents-later")):
        with in_force(worked("nginx", "rate-per-user")):
            until(throughout(front, 503, profil="parent"), 5, "the first")
            until(lambda: 429 in {front.status(ENTSESSION="a") for _ in range(45)}, 5, "the second")
        until(lambda: {front.status(ENTSESSION="a") for _ in range(45)} == {200}, 5, "the second off")
        assert front.status(profil="parent") == 503
        front.portal.let.set()
        assert under_way.answer().body == "the portal's /slow"


def test_a_run_that_is_killed_leaves_nothing_in_force(front: Front, tmp_path: Path) -> None:
    """The file as a run takes it: in force while its controller lives; killed for good, the guardian takes it back."""
    subject = Subject(tmp_path / "run", WORKED / "nginx" / "parents-later.json")
    try:
        subject.wait_applied()
        until(throughout(front, 503, profil="parent"), 5, "in force")
        subject.process.kill()
        until(throughout(front, 200, profil="parent"), 10, "off again")
        until(lambda: not subject.in_force(), 5, "nothing is left")
    finally:
        subject.close()


def test_what_nginx_refuses_is_not_kept(front: Front) -> None:
    """A location twice: the reason is said, nothing is in force, and an unknown measure is none."""
    text = front.conf.read_text().replace("location / {", "location = /accueil { return 204; }\n    location / {")
    front.conf.write_text(text)
    with pytest.raises(EntsurgeError, match="exit 1"):
        worked("nginx", "static-home").apply(2.0)
    assert list((front.measures / "enabled").iterdir()) == []
    unknown = worked("nginx", "static-home").model_copy(update={"on": ["sh", "switch.sh", "on", "nothing"]})
    with pytest.raises(EntsurgeError, match=r"there is no available/nothing\.conf"):
        unknown.apply(2.0)
    worked("nginx", "static-home").undo({})
    until(throughout(front, 204, "/accueil"), 5, "the portal's own")
