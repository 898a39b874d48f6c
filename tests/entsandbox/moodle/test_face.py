"""The face of Moodle: sign-on, keys, what is one's own, and what is refused."""

import re

import httpx
import pytest


@pytest.fixture
def moodle(face):
    """The embedded ENT with Moodle's face, shared."""
    return face("moodle")


class Browser(httpx.Client):
    """A browser that follows redirects and knows the key of its session."""

    key, user = "", ""

    def sign_on(self, person, password=""):
        """Fill the form in; the page that comes of it."""
        token = re.search(r'name="logintoken" value="([^"]+)"', self.get("/login/index.php").text)[1]
        given = {"logintoken": token, "username": person.login, "password": password or person.password}
        page = self.post("/login/index.php", data=given)
        found = re.search(r'"sesskey":"(\w+)","userId":(\d+)', page.text)
        self.key, self.user = found.groups() if found else ("", "")
        return page

    def call(self, method, **args):
        """A call by AJAX; its one answer."""
        calls = [{"index": 0, "methodname": method, "args": args}]
        return self.post(f"/lib/ajax/service.php?sesskey={self.key}", json=calls).json()[0]


@pytest.fixture
def browser(moodle):
    """Browsers, signed on as they are asked for; closed at the end."""
    opened = []

    def sign_on(persona, index=0, **more):
        client = Browser(base_url=moodle.url, timeout=30, follow_redirects=True)
        opened.append(client)
        client.page = client.sign_on(moodle.people.person(persona, index), **more)
        return client

    yield sign_on
    for client in opened:
        client.close()


def test_sign_on(moodle, browser):
    """A wrong password and an old token come back to the form with 200; the way out ends the session."""
    assert "loginerrormessage" in browser("student", password="faux").page.text
    stale = httpx.post(f"{moodle.url}/login/index.php", data={"logintoken": "x", "username": "a", "password": "b"})
    assert (stale.status_code, "Your session has timed out" in stale.text) == (200, True)
    client = browser("student")
    assert client.page.url.path == "/my/"
    assert client.get("/login/logout.php?sesskey=x").url.path == "/my/"
    client.get(f"/login/logout.php?sesskey={client.key}")
    assert client.get("/my/").url.path == "/login/index.php"


def test_a_new_password_is_wanted_before_anything_else(moodle, browser):
    """The right password leads to Moodle's form of change, unequal ones back to it, and then in; once, not again."""
    moodle.measure("password-change")
    try:
        client = browser("student", 5)
        person = moodle.people.person("student", 5)
        assert client.page.url.path == "/login/change_password.php"
        assert 'name="newpassword1"' in client.page.text
        assert client.get("/my/").url.path == "/login/index.php"
        client.page = client.sign_on(person)
        given = {"password": person.password, "newpassword1": person.password, "newpassword2": "autre"}
        assert "diffèrent" in client.post("/login/change_password.php", data=given).text
        given["newpassword2"] = person.password
        assert client.post("/login/change_password.php", data=given).url.path == "/my/"
        assert browser("student", 5).page.url.path == "/my/"
    finally:
        moodle.measure("password-change", on=False)


def test_a_pupil_hands_in_and_takes_back(moodle, browser):
    """Through a draft area of one's own; without the session's key, or from another's area, nothing comes in."""
    pupil, other = browser("student"), browser("student", 1)
    course = pupil.get(re.search(r'href="(/course/view.php\?id=\d+)"', pupil.page.text)[1]).text
    work = re.search(r'href="/mod/assign/view.php\?id=(\d+)"', course)[1]
    before = moodle.things()

    def upload(client, key):
        form = {"sesskey": key, "repo_id": "5", "itemid": "77"}
        return client.post("/repository/repository_ajax.php", data=form, files={"repo_upload_file": ("c.txt", b"x")})

    def save(client):
        form = {"id": work, "action": "savesubmission", "files_filemanager": "77", "sesskey": client.key}
        return client.post("/mod/assign/view.php", data=form)

    assert upload(pupil, "x").json()["errorcode"] == "invalidsesskey"
    assert save(pupil).status_code == 400
    assert upload(pupil, pupil.key).json()["file"] == "c.txt"
    assert save(other).status_code in (400, 404)
    assert "Remis pour évaluation" in save(pupil).text
    assert moodle.things() == before + 1
    back = {"id": work, "action": "removesubmission", "sesskey": pupil.key}
    assert "Aucun travail remis" in pupil.post("/mod/assign/view.php", data=back).text
    assert moodle.things() == before


def test_messages_are_read_by_those_whom_they_are_for(browser):
    """Sent by AJAX; another's conversation is refused, another's message is not deleted."""
    writer, reader = browser("student"), browser("student", 1)
    given = {"touserid": reader.user, "text": "À demain", "textformat": 2}
    sent = writer.call("core_message_send_instant_messages", messages=[given])["data"][0]["msgid"]
    asked = {"userid": reader.user, "type": 1}
    found = reader.call("core_message_get_conversations", **asked)["data"]["conversations"]
    key = next(each["id"] for each in found if each["name"] == "À demain")
    said = reader.call("core_message_get_conversation_messages", currentuserid=reader.user, convid=key)["data"]
    assert [each["text"] for each in said["messages"]] == ["À demain"]
    stranger = browser("student", 2)
    assert stranger.call("core_message_get_conversations", **asked)["exception"]["errorcode"] == "nopermission"
    refused = stranger.call("core_message_get_conversation_messages", currentuserid=stranger.user, convid=key)
    assert refused["exception"]["errorcode"] == "nopermission"
    assert stranger.call("core_message_delete_message", messageid=sent, userid=stranger.user)["error"]
    assert not writer.call("core_message_delete_message", messageid=sent, userid=writer.user)["error"]
    assert writer.call("core_nothing")["exception"]["errorcode"] == "servicenotavailable"


def test_a_message_of_the_digital_pause_comes_when_it_ends(moodle, browser):
    """Moodle has no such pause of its own: the measure keeps what is sent, and gives it out at its end."""
    writer, reader = browser("student"), browser("student", 1)
    given = {"touserid": reader.user, "text": "Dimanche soir", "textformat": 2}

    def names():
        asked = {"userid": reader.user, "type": 1}
        found = reader.call("core_message_get_conversations", **asked)["data"]["conversations"]
        return [each["name"] for each in found]

    assert moodle.measure("updates-suspended").json()["on"]
    try:
        sent = writer.call("core_message_send_instant_messages", messages=[given])["data"][0]["msgid"]
        assert "Dimanche soir" not in names()
    finally:
        moodle.measure("updates-suspended", on=False)
    assert names()[0] == "Dimanche soir"
    assert not writer.call("core_message_delete_message", messageid=sent, userid=writer.user)["error"]


def test_a_forum_is_its_courses(browser):
    """An answer is found by its number; another course's forum is not there; another's answer stays."""
    pupil = browser("student")
    course = re.search(r"/course/view.php\?id=(\d+)", pupil.page.text)[1]
    form = {"forum": course, "discussion": course, "message[text]": "<p>Et la page 3 ?</p>", "sesskey": pupil.key}
    page = pupil.post("/mod/forum/post.php", data=form).text
    assert "Et la page 3 ?" in page
    number = re.findall(r'id="p(\d+)"', page)[-1]
    other = browser("student", 1)
    gone = {"delete": number, "confirm": number}
    assert other.post("/mod/forum/post.php", data={**gone, "sesskey": other.key}).status_code == 404
    assert pupil.get("/mod/forum/view.php?id=9999").status_code == 404
    assert number not in re.findall(
        r'id="p(\d+)"', pupil.post("/mod/forum/post.php", data={**gone, "sesskey": pupil.key}).text
    )


def test_a_full_house_is_the_proxys(start):
    """Past the session limit 429 with when to come back: Moodle counts no sessions."""
    from entsurge.population import Population

    full = start("--speak", "moodle", "--session-limit", "1", "--service-seconds", "0", "--schools", "2",
                 "--password-cost", "1")  # fmt: skip
    with Browser(base_url=full.url, timeout=30, follow_redirects=True) as first:
        assert first.sign_on(Population(1, 4, 2).person("student", 0)).url.path == "/my/"
        answer = httpx.get(f"{full.url}/login/index.php")
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "180")
