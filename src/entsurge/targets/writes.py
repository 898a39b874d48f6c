"""What a run may write on a target: nothing, unless `[writes]` names the service."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Where = Literal["never", "test-accounts"]
TOLD, PASSWORDS = "families_cannot_be_told", "passwords"


class Writes(BaseModel):
    """`[writes]`: by service, `never` or `test-accounts` (what is written reaches the accounts of the test alone).

    An absence or a mark can text real parents: those two need `families_cannot_be_told = true` beside them.
    `passwords` is no service: a sign-on's interstitial page may type the account's own password as a new one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True)

    messages: Where = "never"
    homework: Where = "never"
    lesson_book: Where = Field("never", alias="lesson-book")
    files: Where = "never"
    news: Where = "never"
    chat: Where = "never"
    absences: Where = "never"
    marks: Where = "never"
    passwords: Where = "never"
    families_cannot_be_told: bool = False

    @model_validator(mode="after")
    def _nobody_is_told(self) -> Writes:
        told = [name for name in ("absences", "marks") if getattr(self, name) != "never"]
        if told and not self.families_cannot_be_told:
            raise ValueError(f"{', '.join(told)}: can text real parents; needs {TOLD} = true")
        return self

    @property
    def services(self) -> frozenset[str]:
        """The services that may be written to."""
        fields = (name for name in type(self).model_fields if name not in (TOLD, PASSWORDS))
        names = (name for name in fields if getattr(self, name) != "never")
        return frozenset(name.replace("_", "-") for name in names)
