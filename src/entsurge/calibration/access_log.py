"""Access logs to page views: each line parsed, told apart and counted in DuckDB, batch by batch.

Lines of several formats may stand in one file. What is no page view is counted with its reason. Of visitors and their
addresses, page views keep numbers alone, hashed with a salt that is drawn for each reading and thrown away after it:
nobody can tell afterwards whose they were, and what leaves this room is counts. Only the name of a visitor with a large
share of all page views is kept, to be shown on the screen.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from entsurge.calibration import classification, masking
from entsurge.calibration.counts import Counts, Example, Suspect
from entsurge.calibration.duplicates import LineHashes
from entsurge.calibration.parsing import LineParser
from entsurge.calibration.refusal import refuse_unknown
from entsurge.errors import CannotRecord, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from entsurge.calibration.lines import Batch, LogFiles
    from entsurge.calibration.rules import Rules

MEMORY = "1GB"
MOST_SHAPES = 100_000
LARGE_SHARE = 0.3  # of all page views: nobody reads so much


@contextmanager
def asking() -> Iterator[None]:
    """DuckDB's mishaps as the command line knows them: Ctrl-C, and no room. Raises KeyboardInterrupt, CannotRecord."""
    try:
        yield
    except (duckdb.Error, RuntimeError) as error:
        if any(word in str(error) for word in ("KeyboardInterrupt", "interrupted", "Interrupted")):
            raise KeyboardInterrupt from None
        if isinstance(error, (duckdb.OutOfMemoryException, duckdb.IOException)):
            said = str(error).splitlines()[0]
            raise CannotRecord(f"no room to sort the visits: {said}", hint="free some disk or memory") from None
        raise


class AccessLog:
    """Page views of access logs, in DuckDB.

    They stand in the table `hits`: visitor, address, named, second, position, service, persona. `visitor` and `address`
    are numbers that stand for who asked and for where they asked from; `named` tells whether a user's name told the
    visitor. `position` orders the page views of a second: by file, then by line.
    """

    def __init__(self, rules: Rules, *, without: Collection[str] = ()) -> None:
        """`without` are addresses and users whose requests are left out. Raises UsageError for nobody's name."""
        if nobody := next((name for name in without if classification.is_nobody(name)), None):
            raise UsageError(
                f"--without {nobody}: this stands where a log names nobody",
                hint="pages without an address are left out of visits anyway; name an address or a user",
            )
        self.rules, self.without, self.counts = rules, without, Counts()
        self._words = set(masking.words_of(rules))  # that may be shown
        self._suspected: dict[int, tuple[str, bool]] = {}  # by the number that stands for them in `hits`
        spill = Path(tempfile.gettempdir()) / f"entsurge-{os.getpid()}"  # DuckDB makes it when it must, and removes it
        config: dict[str, str | bool | int | float | list[str]] = {
            "threads": "1",
            "memory_limit": MEMORY,
            "temp_directory": str(spill),
        }
        self.database = duckdb.connect(config=config)
        self.database.execute("SET preserve_insertion_order = false")
        try:
            self.database.execute("SET TimeZone = ?", [rules.timezone])
        except duckdb.Error:
            raise UsageError(
                f"time zone {rules.timezone}: not known here", hint="name one such as Europe/Paris"
            ) from None
        self.database.execute(
            "CREATE TABLE hits "
            "(visitor UBIGINT, address UBIGINT, named BOOLEAN, second BIGINT, position BIGINT, service UTINYINT, "
            "persona UTINYINT)"
        )

    def read(self, files: LogFiles, progress: Callable[[int], None] = lambda _: None) -> None:
        """Take in every line; `progress` hears how many bytes have been read.

        Raises UsageError for a file most of whose lines are in no known format.
        """
        parser, salt, file = LineParser(self.database, self.rules), secrets.token_hex(16), 0
        hashes = LineHashes(self.database, salt)
        for batch in files.batches():
            with asking():
                self.counts.of_file[str(batch.file)] += parser.parse(batch)
                hashes.add(batch)
                file += batch.first_line == 1
                self._tell_apart(salt, file)
                self._count(batch)
            refuse_unknown(self.counts, batch.file)
            progress(batch.bytes_read)
        self.counts.envelopes = parser.envelopes
        with asking():
            self._keep_suspects()
            self.counts.same_lines = hashes.same()

    def _tell_apart(self, salt: str, file: int) -> None:
        """Tell each path and each browser once, then each request; keep the page views."""
        ask, rules = self.database.execute, self.rules
        ask(f"CREATE OR REPLACE TEMP TABLE paths AS {classification.paths(rules)}")
        ask(f"CREATE OR REPLACE TEMP TABLE agents AS {classification.agents(rules)}")
        ask(f"CREATE OR REPLACE TEMP TABLE told AS {classification.told(rules, self.without)}")
        ask(f"INSERT INTO hits {classification.hits(rules, salt, file)}")
        for name, named, number in ask(classification.suspects(rules, salt, LARGE_SHARE)).fetchall():
            self._suspected[number] = name, named

    def _keep_suspects(self) -> None:
        """Forget the names of those who have a large share of a batch, and not of the whole."""
        whole = self.database.execute("SELECT count(*) FROM hits").fetchall()[0][0]
        for number, (name, named) in self._suspected.items():
            which = "named AND visitor = ?" if named else "NOT named AND address = ?"
            pages, browsers = self.database.execute(
                f"SELECT count(*), count(DISTINCT visitor) FROM hits WHERE {which}",
                [number],
            ).fetchall()[0]
            if pages >= LARGE_SHARE * whole:
                self.counts.suspects.append(Suspect(name, named, pages, browsers))
        self._suspected.clear()

    def _count(self, batch: Batch) -> None:
        counts, ask = self.counts, self.database.execute
        for format_, kind, number, bare, nameless in ask(classification.COUNTS).fetchall():
            counts.kinds[classification.KINDS[kind]] += number
            if format_ and classification.KINDS[kind] != "unparsed":
                counts.formats[format_] += number
            counts.without_status += bare * (kind == 0)
            counts.without_agent += nameless * (kind == 0)
        for reason, number, line in ask(classification.UNPARSED).fetchall():
            place = (str(batch.file), classification.REASONS[reason])
            counts.unparsed[place] += number
            if place not in counts.examples:
                found = ask("SELECT line FROM batch WHERE number = ?", [line]).fetchall()
                counts.examples[place] = Example(line, found[0][0])
        if len(counts.unknown_shapes) < MOST_SHAPES:
            self._words |= {word for (word,) in ask(classification.COMMON_WORDS).fetchall()}
            for shape, number in ask(classification.UNKNOWN_SHAPES).fetchall():
                counts.unknown_shapes[masking.shape(shape, self._words)] += number
        for day, first, last in ask(classification.DAYS).fetchall():
            before = counts.days.get(day, (first, last))
            counts.days[day] = min(first, before[0]), max(last, before[1])
