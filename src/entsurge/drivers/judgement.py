"""What an answer came to by the signs of a written driver: an outcome, and a reason that names request and sign.

A reason becomes the signature of a failure. So it quotes what the file says, never what a visitor saw: `lacks: GET
/doku.php?id={page}: css "#dw__login"`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.client.edge_refusal import refused_by
from entsurge.drivers.results import not_as_it_should_be
from entsurge.signs import described, first_shown, shown
from entsurge.visit.outcome import Outcome, PageResult

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from entsurge.client.response import Response
    from entsurge.drivers.call import Call
    from entsurge.drivers.extraction import Extract
    from entsurge.drivers.pages_file import Signs
    from entsurge.signs import ParsedAnswer, Sign


def refusal(signs: Signs, read: ParsedAnswer, request: str) -> PageResult | None:
    """The ENT says no, whatever the status: shed by a sign of `overload`, failed by one of `denied`."""
    return _shown("overload", signs.overload, read, request, Outcome.SHED) or _shown(
        "denied", signs.denied, read, request
    )


def _shown(
    said: str, signs: tuple[Sign, ...], read: ParsedAnswer, request: str, outcome: Outcome = Outcome.FAILED
) -> PageResult | None:
    sign = first_shown(signs, read)
    if sign is None:
        return None
    named = sign.described() if sign.status is None else f"status {read.answer.status}"
    return not_as_it_should_be(read.answer, outcome, f"{said}: {request}: {named}")


def fault(signs: Signs, call: Call, read: ParsedAnswer) -> PageResult | None:
    """What is wrong with the answer to a request; None when it is what was asked for."""
    refused = refusal(signs, read, call.name)
    refused = refused or _shown("signed out", signs.signed_out, read, call.name)
    if refused is not None:
        return refused
    asked = call.request
    if read.answer.status not in asked.expect:
        return not_as_it_should_be(read.answer, Outcome.FAILED, f"{read.answer.status}: {call.name}")
    if asked.wants and not shown(asked.wants, read):
        return lacking(read, call.name, asked.wants)
    return None


def lacking(read: ParsedAnswer, request: str, wanted: tuple[Sign, ...], said: str = "lacks") -> PageResult:
    """An answer that shows none of these signs."""
    return not_as_it_should_be(read.answer, Outcome.FAILED, f"{said}: {request}: {described(wanted)}")


def extracted(
    read: ParsedAnswer, request: str, rules: Mapping[str, Extract], known: dict[str, str], random: Random
) -> PageResult | None:
    """Keep in `known` what the rules find; what is wrong when something is missing that must not be."""
    for name, rule in rules.items():
        value = rule.value(read, random)
        if value is not None:
            known[name] = value
        elif not rule.optional:
            return not_as_it_should_be(
                read.answer, Outcome.FAILED, f"nothing for {name}: {request}: {rule.described()}"
            )
    return None


def unfilled(names: str, request: str) -> PageResult:
    """A page for a place of which nothing is known."""
    return PageResult(Outcome.FAILED, f"nothing to fill in for {names}: {request}")


def asset_fault(answer: Response, name: str) -> PageResult | None:
    """What is wrong with something that a page named: one that is not there breaks no page."""
    if answer.status < 500 and not refused_by(answer):
        return None
    return not_as_it_should_be(answer, Outcome.FAILED, f"{answer.status}: {name}")
