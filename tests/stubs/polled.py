"""A product whose page keeps a long poll open for ten seconds; it counts those that were begun and given up."""

import select
import time

from web import Web, html, js

web = Web()
web.kept.update(begun=0, answered=0)


@web.on("GET", "/|/lists|/empty")
def home(asked):
    return html("<p id=membre>bonjour</p>")


@web.on("GET", "/sync")
def sync(asked):
    web.kept["begun"] += 1
    until = time.monotonic() + 10
    while time.monotonic() < until:
        time.sleep(0.02)
        if select.select([asked.socket], [], [], 0)[0]:  # nobody sends a second request before the answer: gone
            raise ConnectionAbortedError
    web.kept["answered"] += 1
    return js({"next": "s7"})


@web.on("GET", "/stub/polls")
def polls(asked):
    return js({name: web.kept[name] for name in ("begun", "answered")})


if __name__ == "__main__":
    web.serve()
