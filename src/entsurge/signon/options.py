"""What every `[sign_on]` table may say: the ENT's own words of refusal."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from entsurge.signon import refusal_patterns

Words = tuple[Annotated[str, StringConstraints(min_length=2, strip_whitespace=True)], ...]
Address = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+(/\S*)?$")]


class SignOnOptions(BaseModel):
    """Common to all methods: words that replace the known ones, and statuses of a full house."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    full: Words = refusal_patterns.FULL
    wrong_password: Words = refusal_patterns.WRONG_PASSWORD
    service_refused: Words = refusal_patterns.SERVICE_REFUSED
    form_expired: Words = refusal_patterns.FORM_EXPIRED
    full_statuses: frozenset[Annotated[int, Field(ge=400, le=599)]] = refusal_patterns.FULL_STATUSES

    def patterns(self) -> refusal_patterns.RefusalPatterns:
        """The words, compiled when they are first needed."""
        return refusal_patterns.RefusalPatterns(
            full=self.full,
            wrong_password=self.wrong_password,
            service_refused=self.service_refused,
            form_expired=self.form_expired,
            full_statuses=self.full_statuses,
        )
