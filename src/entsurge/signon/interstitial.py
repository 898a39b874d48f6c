"""A page between password and portal that must be passed once: a password to change, terms to accept, a notice to read.

On 5 April 2024 everybody had to change their password at the next sign-on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from entsurge.selectors import document, selector
from entsurge.signon.forms import Form, forms
from entsurge.signon.options import Words
from entsurge.signon.refusal_patterns import Reading, Wording

if TYPE_CHECKING:
    from entsurge.client.response import Response


class Interstitial(BaseModel):
    """`[sign_on.interstitial]`: how the page is known, and how it is passed.

    `sign` are words or signs. `press` is a CSS selector of the link or button that passes it ("later", "I agree");
    without it the page's form is sent: the one with a password field, else the first. `fields` are typed into that
    form. `password_fields` are those that get the account's own password again: no other one is ever set, so that
    accounts stay what their file says; it is a write all the same, and needs `[writes] passwords = "test-accounts"`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    sign: Annotated[Words, Field(min_length=1)]
    press: str = ""
    fields: dict[str, str] = Field(default_factory=dict)
    password_fields: tuple[Annotated[str, Field(min_length=1)], ...] = ()

    @field_validator("press")
    @classmethod
    def _is_selector(cls, found: str) -> str:
        if found:
            selector(found)
        return found

    @model_validator(mode="after")
    def _can_be_passed(self) -> Interstitial:
        if not (self.press or self.fields or self.password_fields):
            raise ValueError("how is it passed? expected press, fields or password_fields")
        return self

    def shown(self, answer: Response) -> bool:
        """Whether an answer is this page."""
        return not answer.redirects_to and Wording(self.sign, own=True).said(Reading(answer))

    def typed(self, password: str) -> dict[str, str]:
        """What a person types into it."""
        return self.fields | dict.fromkeys(self.password_fields, password)

    def form(self, answer: Response) -> Form | None:
        """The form that is sent where nothing is to be pressed."""
        found = forms(answer)
        return next((each for each in found if each.password_field), found[0] if found else None)

    def element(self, answer: Response) -> object | None:
        """What is to be pressed, if the page has it."""
        tree = document(answer)
        found = selector(self.press)(tree) if tree is not None and self.press else []
        return found[0] if found else None
