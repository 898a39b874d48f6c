"""The visit of visit_cost.py as plain Locust users live it: six requests at once with each page, ETags remembered.

`VISITOR` says which user. A visit is a task with a session of its own, so that connections and cookies are its own too;
users begin with the next visit when one is over, as many of them as make the rate.
"""

from __future__ import annotations

import os
import random
import re
import ssl
from typing import Any

import gevent
import locust

PAGES, PARTS, CALLS = (os.environ[name].split(",") for name in ("PAGES", "PARTS", "CALLS"))
LOGIN, GAP_SECONDS, AUTHORITY = os.environ["LOGIN"], float(os.environ["GAP_SECONDS"]), os.environ["AUTHORITY"]
EXECUTION = re.compile(r'name="execution" value="([^"]*)"')
AT_ONCE = 6


class Visiting(locust.User):
    """What both kinds of user do."""

    abstract = True
    wait_time = locust.constant(0)

    def session(self) -> Any:
        raise NotImplementedError

    def leave(self, session: Any) -> None:
        raise NotImplementedError

    @locust.task
    def visit(self) -> None:
        session, etags = self.session(), {}
        try:
            form = session.get(LOGIN, name="login")
            execution = EXECUTION.search(form.text)[1]
            fields = {"username": "x", "password": "x", "execution": execution}
            self.page(session, session.post(LOGIN, data=fields, name="login"), etags)
            for address in PAGES:
                gevent.sleep(random.expovariate(1 / GAP_SECONDS))
                self.page(session, session.get(address, name="page"), etags)
            gevent.sleep(random.expovariate(1 / GAP_SECONDS))
        finally:
            self.leave(session)

    def page(self, session: Any, answer: Any, etags: dict[str, str]) -> None:
        if answer.status_code != 200 or "ent-service" not in answer.text:
            os._exit(3)  # Locust would count a task that raises, and go on

        left = [*reversed(CALLS), *reversed(PARTS)]

        def fetch() -> None:
            while left:
                address = left.pop()
                headers = {"If-None-Match": etags[address]} if address in etags else {}
                got = session.get(address, headers=headers, name="part")
                if got.status_code == 200 and "etag" in got.headers:
                    etags[address] = got.headers["etag"]

        gevent.joinall([gevent.spawn(fetch) for _ in range(AT_ONCE)], raise_error=True)


if os.environ["VISITOR"] == "FastHttpUser":
    from locust.contrib.fasthttp import FastHttpSession

    def _trusting() -> ssl.SSLContext:
        return CONTEXT

    CONTEXT = ssl.create_default_context(cafile=AUTHORITY or None)

    class Visitor(Visiting, locust.FastHttpUser):
        """Locust's fast user."""

        def session(self) -> Any:
            return FastHttpSession(
                base_url=self.host,
                request_event=self.environment.events.request,
                user=self,
                insecure=False,
                ssl_context_factory=_trusting,
                concurrency=AT_ONCE,
            )

        def leave(self, session: Any) -> None:
            session.client.close()

else:
    from locust.clients import HttpSession

    class Visitor(Visiting, locust.HttpUser):
        """Locust's ordinary user."""

        def session(self) -> Any:
            made = HttpSession(base_url=self.host, request_event=self.environment.events.request, user=self)
            made.trust_env = False
            made.verify = AUTHORITY or True
            return made

        def leave(self, session: Any) -> None:
            session.close()
