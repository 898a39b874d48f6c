"""The live rooms beside other programs: a real browser, and several processes of one sandbox."""

import shutil
import time

import pytest
from tests.entsandbox.portal.live import live_people as people

from entsurge.population import Population

PEOPLE = Population(1)
FIRST = PEOPLE.person("student", 0)
MATES = [person for person in (PEOPLE.person("student", n) for n in range(180)) if person.classes == FIRST.classes]


@pytest.fixture
def browser(tmp_path):
    """A headless Chromium with a profile of its own."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    for flag in (
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        f"--user-data-dir={tmp_path}",
    ):  # fmt: skip
        options.add_argument(flag)
    options.binary_location = shutil.which("chromium")
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    yield driver
    driver.quit()


def eventually(condition, seconds=20):
    limit = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.05)
    return found


@pytest.mark.slow
@pytest.mark.needs("chromium", "chromedriver")
def test_a_browser_talks_and_watches(start, browser):
    """The pages' own script: enters, reads what was said, speaks (escaped), watches, and is put out by a measure."""
    sandbox = start("--service-seconds", "0", "--live", "video_kbps=400", "--live", "heartbeat_seconds=2")
    root = f"{sandbox.url}/etab/{FIRST.uai}"

    def element(name):
        return browser.find_element("id", name)

    with people.inside(sandbox, MATES[1], "chat") as mate:
        mate.hear("joined")
        mate.say(type="say", id="1", text="Qui a fait l’exercice 3 ?")
        browser.get(f"{sandbox.url}/cas/login?service={root}/")
        element("username").send_keys(FIRST.login)
        element("password").send_keys(FIRST.password)
        browser.find_element("css selector", "#fm1 button").click()
        eventually(lambda: "/accueil" in browser.current_url)
        browser.get(f"{root}/chat")
        element("entrer").click()
        eventually(lambda: "exercice 3" in element("fil").text)
        element("texte").send_keys("Moi, <b>oui</b>")
        browser.find_element("css selector", "#dire button").click()
        assert mate.hear("said", who=FIRST.login)["text"] == "Moi, <b>oui</b>"
        eventually(lambda: "Moi, <b>oui</b>" in element("fil").text)
    browser.get(f"{root}/visio")
    element("entrer").click()
    eventually(lambda: "kbit/s reçus" in element("etat").text)
    sandbox.measure("video-off")
    eventually(lambda: "suspendue" in element("etat").text)
    assert element("entrer").is_enabled()


@pytest.mark.slow
def test_what_is_said_crosses_processes(start, postgres):
    """Two people of a class in rooms of two processes hear each other, each message once."""
    sandbox = start("--service-seconds", "0", "--database", postgres.new_database("chat"), "--processes", "2")
    here, there = in_two_processes(sandbox)
    here.say(type="say", id="h", text="d’ici")
    here.hear("said", id="h")
    assert there.hear("said")["text"] == "d’ici"
    there.say(type="say", id="t", text="de là")
    assert here.hear("said")["text"] == "de là"
    there.hear("said", id="t")
    time.sleep(1.2)  # two rounds of the processes: what was told once must not come again
    for someone in (here, there):
        someone.say(type="heartbeat", n=5)
        assert someone.next() == {"type": "heartbeat", "n": 5}
        someone.leave()


def in_two_processes(sandbox):
    """Two of a class who do not see each other's presence: the kernel spreads connections as it likes."""
    with sandbox.client() as first, sandbox.client() as second:
        sandbox.sign_on(first, MATES[0])
        sandbox.sign_on(second, MATES[1])
        here = people.connect(sandbox, first, next(iter(people.links(first, MATES[0], "chat").values())))
        here.hear("joined")
        for _ in range(40):
            there = people.connect(sandbox, second, next(iter(people.links(second, MATES[1], "chat").values())))
            if there.hear("joined")["present"] == 1:
                return here, there
            there.leave()
            here.hear("presence", state="left")
    raise AssertionError("always the same process")
