"""A run directory as the engine leaves it after so many seconds, made without an engine."""

from pathlib import Path

from entsurge.record.recorder import Recorder
from entsurge.record.schema import Key
from entsurge.record.writer import RunDirectory

PAGE = Key("page", "student", "Lyon", "homework", "open-homework", "surge", "ok")
FOUR = {"visits": 1.0, "page_views": 1.0, "minutes_per_visit": 1.0, "pages_per_visit": 1.0}


def manifest(**more: object) -> dict[str, object]:
    """The manifest of a run of two minutes."""
    measure = {
        "id": "static-home", "kind": "measure", "title": {"fr": "Accueil statique", "en": "Static home"},
        "defers": [], "start_s": 0, "end_s": 120,
    }  # fmt: skip
    phases = [("warm-up", 0, 10), ("surge", 10, 110), ("drain", 110, 120)]
    return {
        "format": 1, "name": "trial", "profile": "trial", "scale": "1/86", "compression": 45,
        "phases": [{"name": name, "start_s": start, "end_s": end} for name, start, end in phases],
        "objectives": [
            {"id": "a", "persona": "student", "service": "*", "phase": "surge", "must": "p95 < 1s", "required": True},
            {"id": "b", "persona": "*", "service": "*", "phase": "surge", "must": "errors < 5%", "required": True},
        ],
        "planned": {}, "figures": {"week": FOUR, "window": FOUR}, "perturbations": [measure],
        "target": {"url": "http://127.0.0.1:1"},
    } | more  # fmt: skip


class Growing:
    """A run directory that grows by the second."""

    def __init__(self, path: Path, **more: object) -> None:
        self.path, self.second = path, 0
        self.directory = RunDirectory(path)
        self.directory.write_json("manifest.json", manifest(**more))
        self.recorder = Recorder(self.directory)

    def pages(self, count: int, seconds: float = 0.5, **key: str) -> None:
        """So many pages end in this second, after so long."""
        for _ in range(count):
            self.recorder.page(PAGE._replace(**key), int(seconds * 1e6), int(seconds * 1e6))

    def pass_second(self, **gauge: object) -> None:
        """Write this second."""
        self.recorder.fold(self.second)
        self.second += 1
        told = {"t": self.second, "offered": 10, "started": 10, "lost": 0, "visitors": {"student": 3}, "cpu_share": 0.2}
        self.directory.append("gauges.jsonl", told | gauge)

    def event(self, state: str, name: str = "static-home", **more: object) -> None:
        """Something happened to a perturbation."""
        row = {"t": self.second, "kind": "perturbation", "id": name, "state": state, "detail": ""}
        self.directory.append("events.jsonl", row | more)
