"""Are verdicts right? Servers of known behaviour, several plans each, against what their arithmetic says beforehand.

`python benchmarks/verdicts.py` takes three quarters of an hour: each run is a dozen seconds of a lockdown's Monday
morning, through `entsurge run`, two at a time. A run whose generator did not keep up with this machine (INVALID for
that reason alone) says nothing of a verdict: it is repeated, at most twice, and counted apart.
"""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))

import options
from known_cases import CASES, Case, Planned

from entsurge import content
from entsurge.audience import profile as profiles
from entsurge.findings.serial import from_line
from entsurge.findings.verdict import Concluded
from entsurge.plan import summary
from entsurge.plan.arrivals import Arrivals
from entsurge.plan.people import groups
from entsurge.render.saying import paragraph, say

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
SERVICES = ("home", "homework", "lesson-book", "messages", "marks", "absences", "files", "chat", "video-class", "news")
OWN_HASTE = ("generator", "start", "visits started")  # how the reasons begin that only this machine gives
TIMES, AT_ONCE = 3, 2
SHORT = ("healthy", "error: every 10th page")


@dataclass(frozen=True)
class Told:
    """What one run said, beside what is right; `why` is the first reason."""

    case: Case
    seed: int
    verdict: str
    code: int
    sentence: str
    why: str
    right: tuple[str, int]

    @property
    def hasty(self) -> bool:
        """Whether the generator, and nothing else, kept it from a verdict."""
        return self.verdict == "INVALID" and self.why.startswith(OWN_HASTE)

    @property
    def wrong(self) -> str:
        """What is wrong with it; empty for nothing."""
        if (self.verdict, self.code) != self.right:
            return f"{self.verdict} ({self.code}), right is {self.right[0]} ({self.right[1]})"
        return "" if self.case.says in self.sentence else f"the sentence lacks {self.case.says!r}"


def profile_of(case: Case, seed: int, folder: Path) -> Path:
    """The shipped lockdown, twelve seconds of it, with what this case owes."""
    shipped = (content.root("profiles") / "lockdown-2020.toml").read_text(encoding="utf-8")
    head = shipped.partition("[[objective]]")[0].replace('personas = "high-schools"', f'personas = "{case.personas}"')
    replay = {
        "scale": "1/80",
        "compression": 150,
        "seed": seed,
        "warm_up_minutes": 0,
        "drain_seconds": 12,
        **case.replay,
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in replay.items()]
    head = re.sub(
        r"\[replay\].*?(?=^phase)", "[replay]\n" + "\n".join(lines) + "\n", head, flags=re.DOTALL | re.MULTILINE
    )
    owed = "".join(
        f'\n[[objective]]\nid = "{who}-{number}"\npersona = "{who}"\nphase = "surge"\nmust = "{must}"\n'
        for who in case.whom for number, must in enumerate(case.owed)
    )  # fmt: skip
    path = folder / "known.toml"
    path.write_text(head + owed, encoding="utf-8")
    return path


def driver(folder: Path) -> Path:
    """How the known server is spoken to."""
    pages = "".join(
        f'\n[[page]]\nservice = "{name}"\n[[page.request]]\nurl = "/page?persona={{persona}}&service={name}"\n'
        'wants = [{ text = "Bonjour" }]\n'
        for name in SERVICES
    )
    path = folder / "driver.toml"
    path.write_text(
        '[sign_on]\nmethod = "form"\nlogin_url = "/login"\nfull = ["très nombreux"]\n'
        '[signs]\nsigned_on = [{ text = "Bonjour" }]\noverload = [{ text = "très nombreux" }]\n' + pages,
        encoding="utf-8",
    )  # fmt: skip
    return path


def planned(path: Path) -> Planned:
    """Pages and visits of each persona in the plan, known before anybody is loaded."""
    loaded = profiles.load(str(path))
    found = summary.planned(Arrivals(loaded, groups(loaded)))["personas"]
    return {persona: (int(of["page_views"]), int(of["visits"])) for persona, of in found.items()}


@contextlib.contextmanager
def serving(case: Case) -> Iterator[str]:
    """The case's server, in a process of its own; its address."""
    script = f"import sys; sys.path.insert(0, {str(HERE)!r}); import known_server; known_server.serve(sys.argv[1])"
    command = [sys.executable, "-c", script, json.dumps(dict(case.told))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None  # noqa: S101  it is a pipe
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.kill()


def run(case: Case, seed: int) -> Told:
    """One run of a case, judged by `entsurge run` itself."""
    with tempfile.TemporaryDirectory() as name, serving(case) as url:
        folder = Path(name)
        path, out = profile_of(case, seed, folder), folder / "run"
        right = case.right(planned(path))
        command = [sys.executable, "-m", "entsurge", "run", str(path), "--target", url, "--driver", str(driver(folder))]
        command += ["--out", str(out), "--quiet", "--exporter-port", "0"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
        if not (out / "verdict.json").is_file():
            return Told(case, seed, "nothing", done.returncode, "", done.stderr[-300:], right)
        told = from_line(Concluded, (out / "verdict.json").read_bytes())
        why = say(told.reasons[0], "en") if told.reasons else ""
        return Told(case, seed, told.verdict, done.returncode, paragraph(told.sentences, "en"), why, right)


def tried(case: Case, seed: int) -> list[Told]:
    """The run, again where this machine did not keep up; the last one counts."""
    found = [run(case, seed)]
    while found[-1].hasty and len(found) < TIMES:
        found.append(run(case, seed))
    return found


def table(all_of: list[list[Told]]) -> str:
    """A row a server; then what was wrong, one by one."""
    last = [each[-1] for each in all_of]
    judged = [each for each in last if not each.hasty]
    wrong = [each for each in judged if each.wrong]
    near = [each for each in judged if each.case.near]
    again = sum(len(each) - 1 for each in all_of)
    told = f"{len(wrong)} wrong of {len(judged)}, {len(near)} of them within a tenth of a bound "
    told += (
        f"({sum(bool(each.wrong) for each in near)} wrong). {len(last) - len(judged)} were not judged: this machine "
    )
    told += f"did not keep up, {TIMES} times; {again} runs were repeated."
    lines = [
        "# Verdicts on servers of known behaviour", "", told, "",
        "| server | within a tenth of a bound | right | runs | right verdicts | not judged |",
        "|---|---|---|--:|--:|--:|",
    ]  # fmt: skip
    for case in dict.fromkeys(each.case.name for each in last):
        mine = [each for each in last if each.case.name == case]
        rights = ", ".join(sorted({f"{each.right[0]} ({each.right[1]})" for each in mine}))
        good = sum(not each.wrong and not each.hasty for each in mine)
        hasty = sum(each.hasty for each in mine)
        lines.append(f"| {case} | {'yes' if mine[0].case.near else ''} | {rights} | {len(mine)} | {good} | {hasty} |")
    lines += [
        "",
        *(f"- {each.case.name}, seed {each.seed}: {each.wrong}: {each.sentence or each.why}" for each in wrong),
    ]
    return "\n".join(lines)


def main(given: argparse.Namespace) -> int:
    """Every case with every seed; 1 when a verdict was wrong, or none could be judged."""
    chosen = [case for case in CASES if not given.only or any(word in case.name for word in given.only)]
    jobs = [(case, seed) for seed in range(1, given.seeds + 1) for case in chosen]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = []
        for number, each in enumerate(pool.map(lambda job: tried(*job), jobs), 1):
            found.append(each)
            said = each[-1].wrong if not each[-1].hasty else "not judged"
            print(
                f"{number}/{len(jobs)} {each[-1].case.name}, seed {each[-1].seed}: {said or 'right'}", file=sys.stderr
            )
    options.keep(given, "verdicts.md", table(found))
    last = [each[-1] for each in found]
    return int(any(each.wrong for each in last if not each.hasty) or all(each.hasty for each in last))


if __name__ == "__main__":
    made = options.parser(__doc__)
    made.add_argument("--seeds", type=int, default=8, help="plans of each server (default: 8)")
    made.add_argument("--only", nargs="+", default=[], metavar="WORD", help="servers whose name holds one of these")
    sys.exit(main(options.read(made, {"seeds": 1, "only": list(SHORT)})))
