"""Before the first arrival: whether somebody is there, and has this machine what the plan's connections need."""

from __future__ import annotations

import resource
from pathlib import Path
from typing import TYPE_CHECKING, Any

from entsurge.client.failure import ClientError, OwnLimit
from entsurge.client.pool import IDLE_NS, MOST_CONNECTIONS
from entsurge.engine.first_answer import fault
from entsurge.errors import TargetUnreachable, UsageError
from entsurge.plan.summary import window_load

if TYPE_CHECKING:
    from entsurge.audience.profile import Profile
    from entsurge.client.access import Access
    from entsurge.client.negotiated import Negotiated
    from entsurge.client.tls import Http

REACH_SECONDS = 5.0
LIVE = ("chat", "video-class")  # services whose pages keep a socket open
TIME_WAIT_SECONDS = 60  # a closed connection keeps its port so long (TCP_TIMEWAIT_LEN of linux/tcp.h)
OF_OUR_OWN = 200  # descriptors for everything else


def reach(url: str, access: Access) -> Negotiated | None:
    """Ask the target once; what the connection was agreed to be.

    Raises TargetUnreachable with the reason: name, refusal, TLS, silence.
    """
    client = access.client()
    try:
        answer = client.request("GET", url, deadline_seconds=REACH_SECONDS)
        wrong = fault(answer, access)
    except OwnLimit as error:
        raise UsageError(
            f"{url}: this machine cannot connect: {error}", hint="is --source an address of it?"
        ) from error
    except ClientError as error:
        raise TargetUnreachable(
            f"{url}: {error} ({error.reason})",
            hint=error.hint or "nothing was sent but this one question",
        ) from error
    finally:
        client.close()
    if wrong:
        raise TargetUnreachable(f"{url}: {wrong}", hint="nothing was sent but this one question")
    return answer.negotiated


def check_room(profile: Profile, *, processes: int, sources: int, http: Http = "auto") -> None:
    """Refuse a plan whose connections this machine has no descriptors or ports for, with the number and the remedy.

    The need is that of a target which copes: each visitor keeps one connection, up to five more for the seconds that
    they idle after a page (none where `http` allows HTTP/2 alone: what a target will agree to is not known before it
    is asked), and a socket while in a chat room or a video class. Raises the soft limit of descriptors to the hard one.
    """
    window = window_load(profile)
    load, extra = window["total"], 0 if http == "2" else MOST_CONNECTIONS - 1
    idle_seconds = IDLE_NS / 1e9
    fetching = min(load["concurrency"], load["pages_per_second"] * idle_seconds)
    gap_seconds = load["concurrency"] / load["pages_per_second"]
    # pages that follow each other sooner than connections idle use the same ones
    bursts = load["pages_per_second"] if gap_seconds > idle_seconds else load["visits_per_second"]
    opened_per_second = load["visits_per_second"] + extra * bursts
    live = _live_share(profile, window)
    in_rooms = load["concurrency"] * live
    opened_per_second += load["pages_per_second"] * live
    waiting = min(TIME_WAIT_SECONDS, window["run_seconds"] + window["warm_up_seconds"])
    descriptors = round((load["concurrency"] + extra * fetching + in_rooms) / processes) + OF_OUR_OWN
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if 0 <= most < descriptors:
        raise UsageError(
            f"the plan needs about {descriptors} file descriptors in each of {processes} process(es); "
            f"the limit is {most}",
            hint=f"ulimit -Hn {descriptors}, --processes {-(-descriptors * processes // most)}, or a smaller --scale",
        )
    ports = round(load["concurrency"] + extra * fetching + in_rooms + opened_per_second * waiting)
    each = _ports()
    if ports > each * max(1, sources):
        raise UsageError(
            f"the plan needs about {ports} ports towards the target (each stays taken for {TIME_WAIT_SECONDS} s after "
            f"its connection has closed); {max(1, sources)} source address(es) have {each * max(1, sources)}",
            hint=f"name {-(-ports // each)} or more source addresses, such as --source 127.0.1.0/28, "
            'take a smaller --scale, or say http = "2" in the target file of a target that speaks HTTP/2',
        )


def _live_share(profile: Profile, window: dict[str, Any]) -> float:
    """The share of the visitors at once who are on a page of chat or video class, as their mixes say."""
    total = in_rooms = 0.0
    for persona, load in window["personas"].items():
        pages = profile.mixes.mix(persona).pages
        total += load["concurrency"]
        everything = sum(share.value for share in pages.values())
        in_rooms += load["concurrency"] * float(sum(pages[name].value for name in LIVE if name in pages) / everything)
    return in_rooms / total if total else 0.0


def _ports() -> int:
    """How many ports the system gives to one address towards one destination."""
    try:
        low, high = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text("ascii").split())
    except (OSError, ValueError):
        return 16_384
    return high - low + 1
