"""The steps of a visit that a driver can do again; what failed when it was recorded is left out, and said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.recorded import signing
from entsurge.recorded.posted import of_query
from entsurge.recorded.sensitive import by_look, secret_name
from entsurge.recorded.step import Step, address, same

if TYPE_CHECKING:
    from entsurge.recorded.secrets_of import Secrets

NOT_ALLOWED = frozenset({401, 403, 407, 408, 429})


def playable(steps: list[Step], sign_on: int, secrets: Secrets) -> tuple[list[Step], list[str]]:
    """The steps, and what was left out.

    The step that signs on (`sign_on`, -1 for none) keeps its place; after it comes the page at which it ended, as one
    that is opened. Other requests that send a password are never done again.
    """
    kept: list[Step] = []
    notes: list[str] = []
    for n, step in enumerate(steps):
        if n <= sign_on:
            kept += [step, *(_landing(step) if n == sign_on else [])]
        elif signing.sends_password(step, secrets):
            notes.append("a request that sends a password after the sign-on was left out")
        elif _failed(step):
            notes.append(f"a request that was answered {step.status} when it was recorded was left out")
        else:
            kept.append(step)
    return kept, notes


def _failed(step: Step) -> bool:
    """Whether nobody should wait for this answer again: a page that was none, a refusal, an error of the server."""
    return step.status >= 500 or step.status in NOT_ALLOWED or (step.status >= 400 and step.is_document)


def _landing(step: Step) -> list[Step]:
    """The page at which a sign-on ended, as one that is opened; none where it ended at no other address."""
    if same(step.landed) == same(step.url) or not (step.is_page or not step.kind) or step.status >= 400:
        return []
    url, sent = step.landed, of_query(address(step.landed)[3][1:])
    if any(secret_name(name, value) or by_look(value) for name, value in sent):  # a ticket that counts once
        url = url.partition("?")[0]
    return [
        Step("GET", url, step.status, step.kind, step.body, {}, landed=url, hops=[url], resource="document",
             answer_headers=step.answer_headers)
    ]  # fmt: skip
