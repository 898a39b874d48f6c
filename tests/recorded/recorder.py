"""Records a visit as a browser's developer tools do, with an HTTP client in its place."""

import base64
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import httpx


class Recorder:
    """A client whose exchanges become a HAR."""

    def __init__(self) -> None:
        self.entries = []
        self.client = httpx.Client(follow_redirects=True, event_hooks={"response": [self._keep]}, timeout=20)

    def _keep(self, answer) -> None:
        answer.read()
        asked = answer.request
        asked.read()
        kind = asked.headers.get("content-type", "")
        posted = {}
        if asked.content:
            posted = {"mimeType": kind, "text": asked.content.decode("utf-8", "replace")}
            if kind.startswith("application/x-www-form"):
                posted["params"] = [
                    {"name": n, "value": v} for n, v in parse_qsl(posted["text"], keep_blank_values=True)
                ]
        self.entries.append(
            {
                "startedDateTime": datetime.now(UTC).isoformat(),
                "request": {"method": asked.method, "url": str(asked.url), "headers": _pairs(asked.headers),
                            "postData": posted},
                "response": {
                    "status": answer.status_code, "headers": _pairs(answer.headers),
                    "content": {"mimeType": answer.headers.get("content-type", ""), "encoding": "base64",
                                "text": base64.b64encode(answer.content).decode()},
                },
            }
        )  # fmt: skip

    def har(self) -> dict:
        return {"log": {"version": "1.2", "entries": self.entries}}


def _pairs(headers) -> list:
    return [{"name": name, "value": value} for name, value in headers.multi_items()]
