"""What a fault is: settings, and how to prepare, apply, renew, end and undo it. Each registers itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from entsurge.chaos.faults import register, register_all
from entsurge.errors import UsageError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Lease = Literal["xds", "kernel", "session", "process", "target", "guardian"]
Evidence = Literal["requests", "connections", "packets", "sessions", "processes", "periods", "MiB"]
REGISTRY: dict[str, type[Fault]] = {}
ONLY_UNDONE = ("rollbacks", "namespace")  # in no experiment's hands


class Fault(BaseModel):
    """One fault or measure; its fields are the settings that an experiment gives it.

    `lease` says what ends it when everybody who knows of it is dead. For "guardian", `prepare` returns what must be put
    back; it is on disk before `apply` is called, and `undo` puts it back, once or several times, from any process.
    `evidence` says of what `touched` counts those that the fault has hit; None where nobody can count them.
    Settings hold no secret: where one is needed, they name the environment variable that has it.
    """

    model_config = ConfigDict(extra="forbid")
    kind: ClassVar[str]
    lease: ClassVar[Lease]
    evidence: ClassVar[Evidence | None]

    def __init_subclass__(cls, **given: Any) -> None:
        """Register the fault under its kind. Raises TypeError for one that does not say where its evidence is."""
        super().__init_subclass__(**given)
        if "kind" not in vars(cls):
            return
        if not hasattr(cls, "evidence"):
            raise TypeError(f"{cls.__name__}: evidence: missing; what it counts, or None where nothing can be counted")
        REGISTRY[cls.kind] = cls

    @classmethod
    def lacks_here(cls) -> list[str]:
        """What this machine lacks for it whatever its settings, one line each."""
        return []

    def lacks(self) -> list[str]:
        """What this machine or target lacks for it as it is set, one line each; empty when it can be applied."""
        return self.lacks_here()

    def refusals(self) -> list[str]:
        """What would be refused where it is put, asked for without changing anything, one line each."""
        return []

    def ends(self) -> bool:
        """Whether it has a way to end."""
        return True

    def prepare(self) -> dict[str, Any]:
        """What `undo` needs to put things back; empty for a fault that ends by itself. Changes nothing."""
        return {}

    def apply(self, lease_seconds: float) -> None:
        """Put it in force for one lease. Raises EntsurgeError when the target refuses."""
        raise NotImplementedError

    def renew(self) -> None:
        """Hold it for another lease. Raises EntsurgeError or OSError when that fails."""

    def touched(self) -> int:
        """How many of its `evidence` it has hit since it was applied; asked while it is in force.

        Raises EntsurgeError or OSError when nobody can say.
        """
        raise NotImplementedError

    def end(self, before: dict[str, Any]) -> None:
        """End it now, in the process that applied it. Raises EntsurgeError or OSError when it did not end."""
        self.undo(before)

    def undo(self, before: dict[str, Any]) -> None:
        """Put back what `prepare` found; does nothing where that has been done.

        Returns only when it is so. Raises EntsurgeError or OSError with the reason when it is not: the fault is then
        still in force, and nobody may believe otherwise.
        """

    def way_back(self, before: dict[str, Any]) -> str:
        """What `undo` does, in words, for whoever must do it by hand; empty where nothing needs to be done."""
        del before
        return ""


def make(kind: str, settings: dict[str, Any]) -> Fault:
    """The fault of this kind with these settings. Raises UsageError naming every setting that is wrong."""
    register(kind)
    if kind not in REGISTRY:
        register_all()
        raise UsageError(f"fault: {kind}: no such fault; there are {', '.join(sorted(REGISTRY))}")
    try:
        return REGISTRY[kind].model_validate(settings)
    except ValidationError as error:
        raise UsageError("\n".join(f"fault {kind}: {_wrong(each)}" for each in error.errors())) from None


def _wrong(each: ErrorDetails) -> str:
    """A setting that is wrong, and what was found there; of a whole table nothing: its headers may be secret."""
    key = f"settings.{'.'.join(map(str, each['loc']))}"
    if each["type"] == "missing":
        return f"{key}: missing"
    shown = "" if isinstance(each["input"], (dict, list)) else f"; found {each['input']!r}"
    return f"{key}: {each['msg']}{shown}"
