"""What the sandbox must never do: show another's, take what it did not ask for, let the unknown in."""

import re

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response

from entsandbox import Settings
from entsandbox.portal.read_routes import set_cookie
from entsurge.population import Population

PEOPLE = Population(1)
PUPIL = PEOPLE.person("student", 0)
ROOT = f"/etab/{PUPIL.uai}"
PARENT = PEOPLE.person("parent", PEOPLE.parents_of(0)[0])
STRANGER = next(
    PEOPLE.person("student", n) for n in range(PEOPLE.pupils_per_school) if n not in PARENT.children
)  # of the same school
ELSEWHERE = PEOPLE.person("student", PEOPLE.pupils_per_school)


@pytest.fixture(scope="module")
def signed_on(sandbox):
    """A browser for anyone, signed on once."""
    known = {}

    def browser(person):
        if person.login not in known:
            known[person.login] = sandbox.client()
            sandbox.sign_on(known[person.login], person)
        return known[person.login]

    yield browser
    for client in known.values():
        client.close()


def links(client, path, kind):
    """The addresses on a page that lead to one of a kind of thing."""
    return re.findall(rf'href="({ROOT}/{kind}/\d+)"', client.get(f"{ROOT}/{path}").text)


def token(sandbox, client):
    """The token that a browser's forms carry."""
    return sandbox.hidden(client.get(f"{ROOT}/travail").text, "csrf-token")


def test_a_parent_sees_only_their_own_children(signed_on):
    """The marks page names the parent's children and nobody else; another pupil's evaluation is 404."""
    parent, other = signed_on(PARENT), signed_on(STRANGER)
    page = parent.get(f"{ROOT}/notes").text
    for child in PARENT.children:
        assert PEOPLE.person("student", child).given_name in page
    mine, theirs = set(links(parent, "notes", "notes")), set(links(other, "notes", "notes"))
    assert mine
    classes = {PEOPLE.person("student", child).classes for child in PARENT.children}
    assert STRANGER.classes not in classes
    assert {parent.get(link).status_code for link in theirs - mine} == {404}
    first = parent.get(min(mine)).text
    assert STRANGER.given_name not in first or STRANGER.family_name not in first


def test_a_parent_sees_only_their_own_childrens_absences(sandbox, signed_on):
    """A register's absence is read by the pupil and their parents, and by no other family."""
    teacher = next(
        person
        for n in range(PEOPLE.per_school("teacher"))
        if STRANGER.classes[0] in (person := PEOPLE.person("teacher", n)).classes
    )
    desk = signed_on(teacher)
    fields = {"classe": STRANGER.classes[0], "absents": STRANGER.login, "csrf": token(sandbox, desk)}
    register = desk.post(f"{ROOT}/absences", data=fields)
    absence = re.search(rf'href="({ROOT}/absences/\d+)"', register.text)[1]
    assert signed_on(STRANGER).get(absence).status_code == 200
    assert signed_on(PARENT).get(absence).status_code == 404
    assert signed_on(PUPIL).get(absence).status_code == 404
    own = PEOPLE.person("parent", PEOPLE.parents_of(STRANGER.index)[0])
    assert signed_on(own).get(absence).status_code == 200
    assert "Absence de" in signed_on(own).get(f"{ROOT}/notifications").text
    assert signed_on(PARENT).get(register.headers["content-location"]).status_code == 404


def test_a_pupil_of_another_school_gets_nothing(sandbox, signed_on):
    """No page, entry, attachment or file of a school answers another school's pupil with anything but a refusal."""
    inside, outside = signed_on(PUPIL), signed_on(ELSEWHERE)
    paths = ["travail", "notes", "messagerie", "fichiers", "cahier-de-textes", "absences", "notifications"]
    found = [link for path in paths for link in links(inside, path, path)[:2]] + [f"{ROOT}/{path}" for path in paths]
    assert len(found) > len(paths)
    assert {outside.get(link, follow_redirects=True).status_code for link in found} == {403}
    own = f"/etab/{ELSEWHERE.uai}"
    swapped = [link.replace(ROOT, own) for link in found if link.rsplit("/", 1)[1].isdigit()]
    assert {outside.get(link).status_code for link in swapped} == {404}
    cookie = {"ENTSESSION": outside.cookies["ENTSESSION"]}
    refused = {httpx.get(f"{sandbox.url}{link}", cookies=cookie).status_code for link in (*found, f"{ROOT}/pieces/1")}
    assert refused == {403}
    written = httpx.post(f"{sandbox.url}{ROOT}/messagerie", cookies=cookie, data={"titre": "x"})
    assert written.status_code == 403


def test_another_class_is_another_world(signed_on):
    """A pupil reads neither the lessons nor the work nor the documents of a class that is not theirs."""
    mine, theirs = signed_on(PUPIL), signed_on(STRANGER)
    assert PUPIL.classes != STRANGER.classes
    for path in ("cahier-de-textes", "travail"):
        others = set(links(theirs, path, path)) - set(links(mine, path, path))
        assert {mine.get(link).status_code for link in others} == {404}
    lessons = [link[len(ROOT) + 1 :] for link in links(theirs, "cahier-de-textes", "cahier-de-textes")]
    pieces = [piece for lesson in lessons for piece in links(theirs, lesson, "pieces")]
    assert pieces
    assert theirs.get(pieces[0]).content.startswith(b"%PDF")
    assert {mine.get(link).status_code for link in pieces} == {404}
    shared = set(links(theirs, "fichiers", "fichiers")) - set(links(mine, "fichiers", "fichiers"))
    assert {mine.get(f"{link}/contenu").status_code for link in shared} == {404}


def test_who_may_write_what(sandbox, signed_on):
    """Pupils and parents take no register, publish nothing, address no class; teachers excuse nobody."""
    for person in (PUPIL, PARENT):
        client = signed_on(person)
        csrf = {"csrf": token(sandbox, client)}
        for path in ("absences", "actualites", "cahier-de-textes", "travail"):
            assert client.post(f"{ROOT}/{path}", data=csrf).status_code == 403
        whole = {**csrf, "destinataire": "2DE1", "titre": "x"}
        assert client.post(f"{ROOT}/messagerie", data=whole).status_code == 403
        shared = client.post(f"{ROOT}/fichiers", data={**csrf, "partage": "2DE1"}, files={"fichier": ("a", b"a")})
        assert shared.status_code == 403
        abroad = {**csrf, "destinataire": ELSEWHERE.login, "titre": "x"}
        assert client.post(f"{ROOT}/messagerie", data=abroad).status_code == 400
    teacher = signed_on(PEOPLE.person("teacher", 0))
    absence = links(teacher, "absences", "absences")[0]
    assert teacher.post(absence, data={"csrf": token(sandbox, teacher), "motif": "1"}).status_code == 403
    staff = signed_on(PEOPLE.person("staff", 0))
    assert staff.post(absence, data={"csrf": token(sandbox, staff), "motif": "99"}).status_code == 400
    excused = staff.post(absence, data={"csrf": token(sandbox, staff), "motif": "1", "commentaire": "Vu"})
    assert "Maladie" in excused.text
    assert "Vu" in excused.text


def test_a_conversation_is_its_participants(sandbox, signed_on):
    """A message to one person is read by the two of them; nobody else reads, answers or moves it."""
    teacher, pupil, other = signed_on(PEOPLE.person("teacher", 0)), signed_on(PUPIL), signed_on(STRANGER)
    fields = {"destinataire": PUPIL.login, "titre": "Entre nous", "contenu": "x", "csrf": token(sandbox, teacher)}
    sent = teacher.post(f"{ROOT}/messagerie", data=fields, files={"fichier": ("secret.txt", b"secret")})
    where = sent.headers["content-location"]
    piece = re.search(rf'href="({ROOT}/pieces/\d+)"', sent.text)[1]
    inbox = pupil.get(f"{ROOT}/messagerie").text
    assert f'class="non-lu"><a href="{where}"' in inbox
    assert "Entre nous" in pupil.get(where).text
    assert f'class="non-lu"><a href="{where}"' not in pupil.get(f"{ROOT}/messagerie").text
    assert pupil.get(piece).content == b"secret"
    assert other.get(where).status_code == other.get(piece).status_code == 404
    csrf = {"csrf": token(sandbox, other)}
    assert other.post(where, data={**csrf, "contenu": "x"}).status_code == 403
    assert other.post(f"{where}/dossier", data={**csrf, "dossier": "trash"}).status_code == 403
    assert "Merci" in pupil.post(where, data={"csrf": token(sandbox, pupil), "contenu": "Merci"}).text
    assert f'class="non-lu"><a href="{where}"' in teacher.get(f"{ROOT}/messagerie").text
    moved = teacher.post(f"{where}/dossier", data={"csrf": token(sandbox, teacher), "dossier": "trash"})
    assert where in moved.text
    assert where not in teacher.get(f"{ROOT}/messagerie").text


@pytest.mark.parametrize("path", ["messagerie", "cahier-de-textes", "travail"])
def test_what_hung_on_something_goes_with_it(sandbox, signed_on, path):
    """The document of something taken back is gone, and does not hang on what is written next."""
    teacher = signed_on(PEOPLE.person("teacher", 0))
    header = {"x-csrf-token": token(sandbox, teacher)}
    files = {"fichier": ("vieux.txt", b"vieux")}
    old = teacher.post(f"{ROOT}/{path}", data={"titre": "Ancien"}, files=files, headers=header)
    piece = re.search(rf'href="({ROOT}/pieces/\d+)"', old.text)[1]
    assert teacher.get(piece).content == b"vieux"
    assert teacher.delete(old.headers["content-location"], headers=header).status_code == 204
    assert teacher.get(piece).status_code == 404
    told = signed_on(PUPIL).get(f"{ROOT}/notifications").text
    assert old.headers["content-location"] not in told
    new = teacher.post(f"{ROOT}/{path}", data={"titre": "Nouveau"}, headers=header)
    assert new.headers["content-location"] != old.headers["content-location"]
    assert "/pieces/" not in new.text


def test_another_browsers_token_is_no_good(sandbox, signed_on):
    """A form's token belongs to one session: someone else's opens nothing."""
    theirs = token(sandbox, signed_on(STRANGER))
    answer = signed_on(PUPIL).post(f"{ROOT}/messagerie", data={"csrf": theirs, "titre": "x"})
    assert answer.status_code == 403


def test_cookies_are_kept_from_scripts_and_other_sites(sandbox):
    """Every cookie is HttpOnly and SameSite, of its own path; over TLS it is Secure too."""
    with sandbox.client() as client:
        answer = sandbox.submit(client, PEOPLE.person("student", 7))
        entered = client.get(answer.headers["location"])
    for given, path in ((answer, "/cas"), (entered, ROOT)):
        cookie = given.headers["set-cookie"]
        assert {"HttpOnly", "SameSite=lax", f"Path={path}"} <= set(cookie.split("; "))
        assert "Secure" not in cookie
    request = Request({"type": "http", "scheme": "https", "path": "/", "server": ("ent", 443), "headers": []})
    response = Response()
    set_cookie(request, response, "name", "value", "/")
    assert "Secure" in response.headers["set-cookie"]


def test_uploads_are_bounded(start):
    """A file over the limit is 413; so is a body that says it is, and one that does not say; quotas hold."""
    small = start("--service-seconds", "0", "--upload-bytes", "50000", "--quota-bytes", "60000", "--password-cost", "1")
    with small.client() as client:
        csrf = {"csrf": small.hidden(small.sign_on(client, PUPIL).text, "csrf-token")}
        where = f"{ROOT}/fichiers"

        def upload(size):
            return client.post(where, data=csrf, files={"fichier": ("a.bin", b"x" * size)})

        assert upload(50_001).status_code == 413
        assert upload(300_000).status_code == 413
        head = b'--b\r\ncontent-disposition: form-data; name="fichier"; filename="a"\r\n\r\n'
        pieces = (head, *(b"x" * 10_000 for _ in range(100)))
        kind = {"content-type": "multipart/form-data; boundary=b"}
        endless = client.post(where, content=iter(pieces), headers=kind)
        assert endless.status_code == 413
        kept = upload(50_000)
        assert kept.status_code == 200
        assert client.get(f"{kept.headers['content-location']}/contenu").content == b"x" * 50_000
        full = upload(20_000)
        assert full.status_code == 413
        assert "plein" in full.text
        assert (
            client.delete(kept.headers["content-location"], headers={"x-csrf-token": csrf["csrf"]}).status_code == 204
        )
        assert upload(20_000).status_code == 200


def test_what_is_uploaded_is_only_downloaded(sandbox, signed_on):
    """A file called HTML is an attachment that no browser renders, and its name is escaped."""
    client = signed_on(PUPIL)
    name = 'x"<script>.html'
    page = client.post(
        f"{ROOT}/fichiers", data={"csrf": token(sandbox, client)}, files={"fichier": (name, b"<script>", "text/html")}
    )
    assert "<script>" not in page.text.replace('<script src="/static/portail.js" defer></script>', "")
    content = client.get(f"{page.headers['content-location']}/contenu")
    assert content.headers["content-disposition"].startswith("attachment; filename*=UTF-8''x")
    assert content.headers["x-content-type-options"] == "nosniff"


def test_authorities_portals(sandbox, signed_on):
    """Anyone reads an academy's news and schools; only its own people are let in; an unknown one is 404."""
    with sandbox.client() as client:
        page = client.get("/academie/clermont-ferrand/")
        assert 'name="ent-service" content="news"' in page.text
        assert "ent-persona" not in page.text
        assert PEOPLE.school(0).name in page.text
        assert PEOPLE.school(1).name not in page.text
        item = re.search(r'href="(/academie/[^"]*/actualites/\d+)"', page.text)[1]
        assert client.get(item).status_code == 200
        assert client.get(item.replace("clermont-ferrand", "lyon")).status_code == 404
        assert client.get("/academie/atlantide/").status_code == 404
        assert PEOPLE.school(1).name in client.get("/collectivite/auvergne-rhone-alpes/").text
    person = PEOPLE.person("student", 8)
    with sandbox.client() as client:
        sandbox.sign_on(client, person)
        for path, status in (("academie/clermont-ferrand", 302), ("academie/lyon", 403)):
            service = {"service": f"{sandbox.url}/{path}/"}
            entered = client.get(client.get("/cas/login", params=service).headers["location"])
            assert entered.status_code == status
        assert 'name="ent-persona" content="student"' in client.get("/academie/clermont-ferrand/").text


def test_the_address_is_loopback_unless_told_otherwise():
    """The default host is not reachable from the network."""
    assert Settings().host == "127.0.0.1"
