"""The fuzz job catches what a reader must not do, and each input can be had again."""

import contextlib
import random
import signal
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from fuzzing import child, trees
from fuzzing.child import Child, Finding, Outcome, Run
from fuzzing.reader import FOUND, Reader, at

import fuzz

SEED = b"sound"
BAD = 3


def reader(misbehave, *, refuses=()) -> Reader:
    """One that reads four inputs well and misbehaves with the last."""
    turns = iter(range(-1, 100))  # the first reading of all is for what is imported

    def read(_: bytes) -> None:
        if next(turns) == BAD:
            misbehave()

    return Reader("test", 1, "bytes", lambda: [SEED], lambda _: read, refuses)


def outcome(of: Reader, *, inputs: int = BAD + 1) -> Outcome:
    """What becomes of so many inputs."""
    running, ends = Child(of, Run(1, inputs, time.monotonic() + 60)), time.monotonic() + 60
    while not running.step():
        assert time.monotonic() < ends
        time.sleep(0.01)
    return running.outcome


def fail() -> None:
    raise KeyError("a key")


def spin() -> None:
    while True:
        pass


def test_an_error_of_another_tree_is_found() -> None:
    """With the input's number, and what it was."""
    (found,) = outcome(reader(fail)).findings
    assert (found.number, found.what) == (BAD, "KeyError: 'a key'")


def test_a_documented_error_is_a_refusal() -> None:
    """Counted, and nothing found."""
    made = outcome(reader(fail, refuses=(KeyError,)))
    assert (made.inputs, made.refused, made.findings) == (BAD + 1, 1, [])


def test_a_loop_without_end_is_ended_and_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the processor's time, whatever it is in; the inputs before it count."""
    monkeypatch.setattr(child, "DEADLINE_SECONDS", 0.2)
    (found,) = outcome(reader(spin)).findings
    assert (found.number, found.what) == (BAD, "not done after 0.2 s of the processor")


def test_what_kills_the_process_is_found() -> None:
    """And the inputs after it are read in another process."""
    made = outcome(reader(lambda: signal.raise_signal(signal.SIGKILL)), inputs=BAD + 5)
    assert [each.number for each in made.findings] == [BAD, 2 * BAD + 1]  # each process has its fourth reading
    assert made.findings[0].what == f"the process died: {-signal.SIGKILL}"


def test_a_slow_and_a_greedy_read_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the limits of time and of memory, by the process's own measure."""
    monkeypatch.setattr(child, "LONGEST_SECONDS", -1.0)
    assert outcome(reader(fail), inputs=1).findings[0].what == "took more than a second"
    monkeypatch.setattr(child, "LONGEST_SECONDS", 1.0)
    monkeypatch.setattr(child, "LARGEST_MIB", 20)
    kept: list[bytearray] = []
    (found,) = outcome(reader(lambda: kept.append(bytearray(b"x" * (40 << 20))))).findings
    assert (found.number, found.what) == (BAD, "took more than 20 MB")


def test_findings_of_one_cause_are_one() -> None:
    """The same kind of error at the same line is told once, whatever it says."""
    one, other = Finding("a", 1, "KeyError: b", "c:1"), Finding("a", 2, "KeyError: d", "c:1")
    assert one.kind == other.kind != Finding("a", 3, "ValueError: b", "c:1").kind


@pytest.mark.parametrize("each", fuzz.READERS, ids=lambda each: each.name)
def test_inputs_are_the_same_each_time(each: Reader) -> None:
    """By seed and number, beginning with the corpus as it is; another seed makes others."""
    corpus = each.corpus()
    numbers = range(len(corpus), len(corpus) + 5)
    assert corpus
    assert each.made(corpus, 1, 0) == corpus[0]
    assert [each.made(corpus, 1, number) for number in numbers] == [each.made(corpus, 1, number) for number in numbers]
    assert [each.made(corpus, 1, number) for number in numbers] != [each.made(corpus, 2, number) for number in numbers]


@pytest.mark.parametrize("form", ["toml", "json"])
def test_a_tree_is_written_as_it_was_read(form: trees.Form) -> None:
    """Unchanged, the shipped files hold the same after as before: mutations alone make the difference."""
    seeds = list(at("profiles/*.toml", "profiles/*/*.toml")() if form == "toml" else at("chaos/*.json")())
    assert len(seeds) > 10
    for seed in seeds:
        assert trees.parsed(trees.written(trees.parsed(seed, form), form), form) == trees.parsed(seed, form)


def test_what_stands_in_trees_instead_is_never_changed_itself() -> None:
    """Else inputs would depend on those before them, and a tree could come to hold itself."""
    before, dice = repr(trees.INSTEAD), random.Random(1)
    for _ in range(500):
        tree: dict[str, list[dict[str, int]]] = {"a": [{"b": 1}, {}], "c": []}
        for _ in range(3):
            trees.changed(tree, dice, {"d": [1]})
    assert repr(trees.INSTEAD) == before


def found_files() -> list[Path]:
    return [path for path in sorted(FOUND.glob("*/*")) if path.is_file()]


@pytest.mark.parametrize("path", found_files(), ids=lambda path: str(path.relative_to(FOUND)))
def test_what_was_found_is_read_or_refused(path: Path, tmp_path: Path) -> None:
    """Each input that once went wrong, in the words of our own errors."""
    (its,) = (each for each in fuzz.READERS if each.folder == path.parent.name)
    with contextlib.suppress(*its.refuses):
        its.make(tmp_path)(path.read_bytes())


def test_every_folder_of_the_corpus_is_a_readers() -> None:
    """Else nobody would read what lies in it."""
    assert {path.parent.name for path in found_files()} <= {each.folder for each in fuzz.READERS}
