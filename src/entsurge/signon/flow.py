"""One visitor's way through a sign-on: request by request, every hop recorded, every answer looked at for a refusal."""

from __future__ import annotations

from time import monotonic_ns
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from entsurge.client.failure import ClientError
from entsurge.client.redirects import MOST as MOST_REDIRECTS
from entsurge.client.redirects import next_hop, too_many
from entsurge.signon.method import Arrival, Refusal
from entsurge.signon.refusal_patterns import RefusalPatterns
from entsurge.visit.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from entsurge.client.response import Response
    from entsurge.visit.session import Memory, Session

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Flow:
    """One visitor's way through a sign-on. `step` names what the hops of records are called by.

    Redirects are followed hop by hop: each is a hop of its own, named after its step with its number. All of a flow's
    requests share no deadline: each has the page's.
    """

    def __init__(self, session: Session, patterns: RefusalPatterns | None = None) -> None:
        self.session, self.patterns = session, patterns or RefusalPatterns()
        self.seen: list[Response] = []
        self._read: tuple[Response, Refusal | None] | None = None  # the last answer that was looked at, and what it is
        self.headers: dict[str, str] = {}  # what the next POST carries besides (a token against forged requests)

    @property
    def memory(self) -> Memory:
        """What the visitor knows: a method leaves tokens here for the driver."""
        return self.session.memory

    # -- requests --------------------------------------------------------------------------------------------------

    def get(
        self,
        url: str,
        step: str,
        *,
        headers: Mapping[str, str] | None = None,
        until: Callable[[str], bool] | None = None,
    ) -> Response:
        """GET and go where the answers lead; stop before a redirect whose address satisfies `until`."""
        given = self.session.page_headers("GET", url, headers)
        return self._onward(self.once("GET", url, step, headers=given), step, until)

    def post(
        self, url: str, fields: Mapping[str, str], step: str, *, until: Callable[[str], bool] | None = None
    ) -> Response:
        """POST a form and go where the answers lead."""
        headers, self.headers = {**FORM, **self.headers}, {}
        given = self.session.page_headers("POST", url, headers)
        answer = self.once("POST", url, step, headers=given, body=urlencode(fields).encode())
        return self._onward(answer, step, until)

    def get_form(
        self, url: str, fields: Mapping[str, str], step: str, *, until: Callable[[str], bool] | None = None
    ) -> Response:
        """Submit a form whose method is GET."""
        return self.get(f"{url.split('?', 1)[0]}?{urlencode(fields)}", step, until=until)

    def once(
        self,
        method: str,
        url: str,
        step: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Response:
        """One request, redirects not followed: one hop."""
        started = monotonic_ns()
        try:
            answer = self.session.hop(step, method, url, headers=headers, body=body)
        except ClientError:
            self.session.hopped(step, Outcome.FAILED, (monotonic_ns() - started) // 1000)
            raise
        took_us = (monotonic_ns() - started) // 1000
        self.session.hopped(step, outcome_of(self.refusal(answer)), took_us)
        self.seen.append(answer)
        return answer

    def _onward(self, answer: Response, step: str, until: Callable[[str], bool] | None) -> Response:
        number = 0
        while hop := next_hop(answer):
            if until is not None and until(hop.url):
                return answer
            number += 1
            if number > MOST_REDIRECTS:
                raise too_many(answer)
            answer = self.once(hop.method, hop.url, f"{step} {number}", headers=hop.headers, body=hop.body)
        return answer

    # -- what it came to -------------------------------------------------------------------------------------------

    def refusal(self, answer: Response) -> Refusal | None:
        """The refusal that this answer stands for, if it stands for one; read once, however often it is asked for."""
        if self._read is None or self._read[0] is not answer:
            self._read = answer, self.patterns.refusal(answer)
        return self._read[1]

    def posted(self, field: str) -> bool:
        """Whether a form with this field was sent on the way."""
        name = f"{field}=".encode()
        return any((answer.request_body or b"").startswith(name) or b"&" + name in (answer.request_body or b"")
                   for answer in self.seen)  # fmt: skip

    def cookie(self, name: str) -> str:
        """The value of a cookie that the visitor has by now; empty for none."""
        return self.session.cookie(name)

    def arrived(self, answer: Response) -> Arrival:
        """The end of the way: at a page, or at whatever refuses."""
        return Arrival(answer, self.refusal(answer))


def outcome_of(refusal: Refusal | None) -> Outcome:
    """What a refusal is in the records: a full house sheds, an edge is no word of the ENT, the rest has failed."""
    if refusal is None:
        return Outcome.OK
    if refusal is Refusal.EDGE:
        return Outcome.LOST
    return Outcome.SHED if refusal is Refusal.FULL else Outcome.FAILED
