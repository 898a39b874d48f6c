"""One page of a written driver as a visitor opens it: documents, what belongs to them, what nobody waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.client.failure import ClientError
from entsurge.client.url import joined
from entsurge.drivers.call import Call
from entsurge.drivers.judgement import asset_fault, extracted, fault, unfilled
from entsurge.drivers.results import broken
from entsurge.drivers.template import Missing
from entsurge.selectors import assets
from entsurge.signs import ParsedAnswer
from entsurge.visit.outcome import Outcome, PageResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from entsurge.client.response import Response
    from entsurge.drivers.page import CompiledPage
    from entsurge.drivers.pages_file import Signs
    from entsurge.visit.session import Session

AN_ASSET = "an asset"


class PageView:
    """One page view. `known` are the visitor's values by name; what answers hold is added to them."""

    __slots__ = ("_assets", "_size", "_written", "known", "page", "session", "signs")

    def __init__(self, signs: Signs, session: Session, page: CompiledPage, known: dict[str, str]) -> None:
        self.signs, self.session, self.page, self.known = signs, session, page, known
        self._size, self._assets = 0, list[str]()
        self._written = ""  # the address of the last request that may have written something

    def open(self) -> PageResult:
        """Make every request of the page, and list what it has written."""
        if not self.page.page.writes:
            return self._requests()
        for name in self.page.made_here:
            self.known.pop(name, None)  # or what an earlier page has written would be listed in its place
        return self._listed(self._requests())

    def _listed(self, result: PageResult) -> PageResult:
        """What was written is listed even if the page failed later on: at the file's address, or the request's."""
        if not result.ok and not self._written:
            return result
        page, known = self.page, self.known
        lacked = ", ".join(sorted(page.created.names - known.keys()))
        url = self._written if lacked else joined(f"{known['base']}/", page.created.url(known))
        self.session.created(page.page.name, url, {name: known[name] for name in page.kept if name in known})
        return unfilled(lacked, "created") if lacked and result.ok else result

    def _requests(self) -> PageResult:
        for call in self.page.documents:
            wrong = None if call.request.unless_known in self.known else self._document(call)
            if wrong is not None:
                return wrong
        early = [call for call in self.page.background if call.names <= self.known.keys()]
        self._begin(early)
        wrong = self._rest()
        if wrong is not None:
            return wrong
        self._begin([call for call in self.page.background if call not in early])
        return PageResult(Outcome.OK, size=self._size)

    def _document(self, call: Call) -> PageResult | None:
        """One document; what is wrong with it, or nothing."""
        try:
            answer = call.ask(self.session, self.known)
            if call.request.method != "GET" and answer.status < 500:
                self._written = answer.url  # even if the answer is another than wanted
            wrong = self._judge(self.session, call, answer)
            if wrong is not None:
                return wrong
            self._size += len(answer.body)
            if self.page.page.assets:
                self._assets += assets(answer, self.session.allow, self.session.screen)
        except Missing as missing:
            return unfilled(missing.name, missing.request)
        except ClientError as error:
            return broken(error, call.name)
        return None

    def _rest(self) -> PageResult | None:
        """Assets with the calls that can be made at once; then those that fed on their answers."""
        waiting, found = self.page.others, self._assets
        while waiting or found:
            ready = [call for call in waiting if call.names <= self.known.keys()]
            if not ready and not found:
                return unfilled(", ".join(sorted(waiting[0].names - self.known.keys())), waiting[0].name)
            waiting = [call for call in waiting if call not in ready]
            for call, answer in Call.ask_many(self.session, ready, self.known, found):
                wrong = self._one_of_many(call, answer)
                if wrong is not None:
                    return wrong
            found = []
        return None

    def _one_of_many(self, call: Call | None, answer: Response | ClientError) -> PageResult | None:
        """What is wrong with the answer to a call, or with an asset (no call)."""
        name = call.name if call else AN_ASSET
        if isinstance(answer, ClientError):
            return broken(answer, name)
        self._size += answer.size
        try:
            return asset_fault(answer, name) if call is None else self._judge(self.session, call, answer)
        except ClientError as error:  # a body that cannot be decoded
            return broken(error, name)

    def _begin(self, calls: list[Call]) -> None:
        """Begin with requests that nobody waits for; what their answers hold is for later pages."""
        for call in calls:
            self.session.background(self._unattended(call))

    def _unattended(self, call: Call) -> Callable[[Session], PageResult]:
        """A request filled in as of now, and how its answer is judged when it comes."""
        try:
            filled = call.filled(self.known)
        except Missing as missing:
            lacked = missing.name
            return lambda _: unfilled(lacked, call.name)

        def ask(session: Session) -> PageResult:
            try:
                answer = filled.ask(session)
                return self._judge(session, call, answer) or PageResult(Outcome.OK, size=answer.size)
            except ClientError as error:
                return broken(error, call.name)

        return ask

    def _judge(self, session: Session, call: Call, answer: Response) -> PageResult | None:
        """What is wrong with an answer, or nothing; what it holds is kept."""
        read = ParsedAnswer(answer)
        wrong = fault(self.signs, call, read)
        return wrong or extracted(read, call.name, call.request.extract, self.known, session.random)
