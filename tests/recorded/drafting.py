"""Recordings made for a test, and the drafts they give: every draft is loaded as a driver first."""

import json
import tomllib
from pathlib import Path

from entsurge.recorded import har
from entsurge.recorded.draft import Draft, draft
from entsurge.recorded.proof import prove
from entsurge.recorded.toml import written

CASES = Path(__file__).parent / "cases" / "har"


def drafted(path: Path, *hosts: str) -> tuple[Draft, str]:
    """The draft of a recording, and its text, which is proven."""
    made = draft(har.read(path, hosts))
    text = written(made.file, made.notes)
    prove(text, str(path))
    assert tomllib.loads(text).keys() == made.file.keys()
    return made, text


def pages(made: Draft) -> list[tuple]:
    """Service, and the requests, of every page: what is usual left out."""
    return [(page["service"], *page["request"]) for page in made.file["page"]]


def entry(
    url: str, body: str | None = "", *, method: str = "GET", status: int = 200, kind: str = "text/html", at: float = 0,
    location: str = "", headers: dict | None = None, post: dict | None = None, cookies: dict | None = None, **more,
) -> dict:  # fmt: skip
    """One entry of a HAR; `more` stands beside request and response."""
    answered = [{"name": "Location", "value": location}] if location else []
    answered += [{"name": "Set-Cookie", "value": f"{name}={value}; Path=/"} for name, value in (cookies or {}).items()]
    return {
        "startedDateTime": f"2026-11-24T09:{int(at) // 60:02}:{at % 60:06.3f}Z",
        "request": {"method": method, "url": url, "postData": post or {},
                    "headers": [{"name": name, "value": value} for name, value in (headers or {}).items()]},
        "response": {"status": status, "headers": answered, "content": {"mimeType": kind, "text": body}},
        **more,
    }  # fmt: skip


def form(text: str, **more) -> dict:
    """What a form posts."""
    return {"mimeType": "application/x-www-form-urlencoded", "text": text, **more}


def recording(folder: Path, *entries: dict, creator: str = "synthetic") -> Path:
    """A HAR file of these entries, a second apart where they do not say when they were."""
    for n, each in enumerate(entries):
        if each.get("startedDateTime", "").startswith("2026-11-24T09:00:00.000"):
            each["startedDateTime"] = f"2026-11-24T09:{n // 60:02}:{n % 60:02}.000Z"
    path = folder / "visit.har"
    log = {"version": "1.2", "creator": {"name": creator, "version": "1"}, "entries": list(entries)}
    path.write_text(json.dumps({"log": log}), encoding="utf-8")
    return path


HOME = "<html><a href='/logout'>logout</a></html>"
LOGIN = "<form method=post action=/login><input name=username><input type=password name=password></form>"
