"""A form that came in: its texts by field, and its files, which are put on disk."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.datastructures import UploadFile

from entsandbox.state.store.attachments import Upload

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.datastructures import FormData

    from entsandbox.state.store.disk import Disk

MOST_FIELDS = 500
_KEY_DIGITS = 10  # a longer number is no key, and no database takes it
_MEDIA_TYPE = re.compile(r"[a-z]{1,20}/[a-zA-Z0-9.+-]{1,80}")


@dataclass(frozen=True, slots=True)
class Sent:
    """A form that came in: its texts by field, and its files, which lie on disk."""

    texts: Mapping[str, list[str]]
    uploads: list[Upload]

    def text(self, name: str, most: int = 200) -> str:
        """A field's first text, cut to a length; empty when it is not there."""
        return (self.texts.get(name) or [""])[0][:most].strip()

    def number(self, name: str) -> int | None:
        """A field's number, as keys are; none when it is not one."""
        return key_of(self.text(name))


def key_of(text: str) -> int | None:
    """The number that a text is, as keys are; none when it is not one."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < _KEY_DIGITS else None


def largest_bytes(form: FormData) -> int:
    """How large the largest file of a form is."""
    return max((each.size or 0 for each in form.values() if isinstance(each, UploadFile)), default=0)


async def sent(form: FormData, disk: Disk) -> Sent:
    """A form's texts and files, the files put on disk."""
    texts: dict[str, list[str]] = defaultdict(list)
    uploads = []
    for name, value in form.multi_items():
        if isinstance(value, str):
            texts[name].append(value.replace("\0", ""))  # which PostgreSQL does not keep
        elif value.filename:
            digest, size_bytes = await asyncio.to_thread(disk.keep, value.file)
            uploads.append(Upload(value.filename.replace("\0", "")[:200], _type(value), size_bytes, digest))
    return Sent(texts, uploads)


def _type(file: UploadFile) -> str:
    """A file's type as its sender says, if it is one."""
    said = (file.content_type or "").partition(";")[0].strip()
    return said if _MEDIA_TYPE.fullmatch(said) else "application/octet-stream"
