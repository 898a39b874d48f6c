"""What every `[sign_on]` table may say: the ENT's own words of refusal, or signs of it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from entsurge.signon import refusal_patterns
from entsurge.signon.refusal_patterns import RefusalPatterns, Wording
from entsurge.signs import Sign

Words = tuple[Annotated[str, StringConstraints(min_length=2, strip_whitespace=True)] | Sign, ...]
Address = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+(/\S*)?$")]


class SignOnOptions(BaseModel):
    """Common to all methods: words or signs that replace the known words, and statuses of a full house."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    full: Words = refusal_patterns.FULL
    wrong_password: Words = refusal_patterns.WRONG_PASSWORD
    service_refused: Words = refusal_patterns.SERVICE_REFUSED
    form_expired: Words = refusal_patterns.FORM_EXPIRED
    full_statuses: frozenset[Annotated[int, Field(ge=400, le=599)]] = refusal_patterns.FULL_STATUSES

    def patterns(self) -> RefusalPatterns:
        """The words, compiled when they are first needed."""
        return RefusalPatterns(
            full=self._wording("full"),
            wrong_password=self._wording("wrong_password"),
            service_refused=self._wording("service_refused"),
            form_expired=self._wording("form_expired"),
            full_statuses=self.full_statuses,
        )

    def _wording(self, name: str) -> Wording:
        return Wording(getattr(self, name), own=name in self.model_fields_set)
