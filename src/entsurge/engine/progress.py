"""The run's live progress in the terminal: offered and achieved, visitors, outcomes, p95 by persona, phase."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from entsurge.audience.persona import of_manifest
from entsurge.said import named, said
from entsurge.terminal import figure, here

if TYPE_CHECKING:
    from types import TracebackType

    from entsurge.record.recorder import Fold

RECENT_SECONDS = 10
LINE_EVERY_SECONDS = 5


class Progress:
    """A live table on a terminal, a line every few seconds elsewhere; nothing when not shown."""

    def __init__(self, manifest: dict[str, Any], *, shown: bool) -> None:
        self.manifest, self.shown = manifest, shown
        self.console = Console(stderr=True)
        self.live = Live(console=self.console, auto_refresh=False, transient=True)
        self.t = 0
        self.sums: dict[str, int] = {"offered": 0, "started": 0, "lost": 0, "retries": 0}
        self.personas = tuple(of_manifest(manifest))
        self.present: dict[str, int] = dict.fromkeys(self.personas, 0)
        self.outcomes: dict[str, Counter[str]] = {persona: Counter() for persona in self.personas}
        self.recent: dict[str, deque[Any]] = {persona: deque() for persona in self.personas}

    def __enter__(self) -> Self:
        """Begin to show."""
        if self.shown and self.console.is_terminal:
            self.live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop showing."""
        self.live.stop()

    def say(self, text: str) -> None:
        """Tell one thing, above the table."""
        self.console.print(f"entsurge: {here(text)}", markup=False, soft_wrap=True)

    def gauge(self, t: int, sums: dict[str, int], present: dict[str, int]) -> None:
        """Take in one second's gauges."""
        self.t, self.sums, self.present = t, sums, present

    def fold(self, fold: Fold) -> None:
        """Take in one second's pages of one process."""
        times: dict[str, list[Any]] = {persona: [] for persona in self.personas}
        for key, count in fold.counts.items():
            if key.kind == "page":
                self.outcomes[key.persona][key.outcome] += count
                times[key.persona].append(fold.times_us[key])
        for persona, found in times.items():
            self.recent[persona].append((self.t, np.concatenate(found) if found else np.empty(0)))
            self._forget(persona)

    def show(self) -> None:
        """Show where the run is."""
        if not self.shown:
            return
        if self.console.is_terminal:
            self.live.update(self._table(), refresh=True)
        elif self.t % LINE_EVERY_SECONDS == 0:
            self.console.print(self._line(), markup=False, highlight=False, soft_wrap=True)

    def phase(self) -> str:
        """The phase of the present second."""
        names = [each["name"] for each in self.manifest["phases"] if each["start_s"] <= self.t < each["end_s"]]
        return names[0] if names else "end"

    def p95_seconds(self, persona: str) -> float | None:
        """The 95th percentile of service time over the last ten seconds; None of no pages."""
        self._forget(persona)
        recent = self.recent[persona]
        whole = np.concatenate([times for _, times in recent]) if recent else np.empty(0)
        return float(np.percentile(whole, 95)) / 1e6 if len(whole) else None

    def _forget(self, persona: str) -> None:
        """Keep the last seconds alone, whether or not anybody is shown them."""
        recent = self.recent[persona]
        while recent and recent[0][0] < self.t - RECENT_SECONDS:
            recent.popleft()

    def _line(self) -> str:
        end = self.manifest["phases"][-1]["end_s"]
        pages = sum((self.outcomes[persona] for persona in self.personas), Counter())
        slowest = max((self.p95_seconds(persona) or 0.0) for persona in self.personas)
        again = here(said("retries {retries}  ", **self.sums)) if self.sums["retries"] else ""
        return here(
            said(
                "{name}  {t:>3} s of {end:.0f}  {phase:<9} visits {started}/{offered}  {again}visitors {visitors:>3}  "
                "pages ok {ok}  shed {shed}  failed {failed}  lost {lost}  p95 {p95:.2f} s",
                name=self.manifest["name"], t=self.t, end=end, phase=here(self.phase()), again=again,
                started=self.sums["started"], offered=self.sums["offered"], visitors=sum(self.present.values()),
                p95=slowest, **{name: pages[name] for name in ("ok", "shed", "failed", "lost")},
            )
        )  # fmt: skip

    def _table(self) -> Table:
        end = self.manifest["phases"][-1]["end_s"]
        table = Table(
            title=f"{self.manifest['name']} · {here(self.phase())} · {self.t} s", title_justify="left", expand=False
        )
        for heading in ("", "visitors", "ok", "shed", "failed", "lost", "p95 (10 s)"):
            table.add_column(here(heading), justify="left" if not heading else "right")
        for persona in self.personas:
            p95, of = self.p95_seconds(persona), self.outcomes[persona]
            cells = [str(of[name]) for name in ("ok", "shed", "failed", "lost")]
            who, slow = here(named("persona", persona)), f"{figure(p95, '.2f')} s" if p95 is not None else "-"
            table.add_row(who, str(self.present[persona]), *cells, slow)
        caption = "visits started {started} of {offered} offered, {lost} lost"
        again = ", {retries} retries" if self.sums["retries"] else ""
        table.caption = here(said(caption, **self.sums)) + (here(said(again, **self.sums)) if again else "")
        outer = Table.grid()
        outer.add_row(table)
        outer.add_row(ProgressBar(total=end, completed=min(self.t, end), width=60))
        return outer
