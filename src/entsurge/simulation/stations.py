"""Where pages wait and are worked on: nodes with workers, a queue and a pool, and the database that they share."""

from __future__ import annotations

import random
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from entsurge.simulation.clock import Clock
    from entsurge.simulation.deployment import Balancer


class Job:
    """Work for one worker: `alone_us` on it, then `database_us` with a connection as well.

    `whose` is None once its visitor has given up; `begun_us` is when a worker took it, -1 before; `left` says that it
    has left the queue without one. `guest` is who is signed on when a worker takes it, whether they still wait or not.
    """

    __slots__ = ("alone_us", "begun_us", "database_us", "guest", "hurried", "left", "node", "whose")

    def __init__(
        self, whose: Any, alone_us: int, database_us: int = 0, *, hurried: bool = False, guest: Any = None
    ) -> None:
        self.whose, self.alone_us, self.database_us, self.hurried = whose, alone_us, database_us, hurried
        self.guest = guest
        self.begun_us, self.left = -1, False
        self.node: Node


class Pool:
    """So many connections, and a queue without end before them."""

    __slots__ = ("idle", "queue")

    def __init__(self, connections: int) -> None:
        self.idle = connections
        self.queue: deque[tuple[Job, Callable[[int, Any], None]]] = deque()

    def take(self, now_us: int, job: Job, then: Callable[[int, Any], None]) -> None:
        """Go on with `then` as soon as there is a connection."""
        if self.idle:
            self.idle -= 1
            then(now_us, job)
        else:
            self.queue.append((job, then))

    def release(self, now_us: int) -> None:
        """Give a connection back; the first in the queue has it at once."""
        if self.queue:
            job, then = self.queue.popleft()
            then(now_us, job)
        else:
            self.idle += 1


class Node:
    """One node's workers and queue. Whoever is in a hurry goes before all who are not."""

    __slots__ = ("gone", "hurried", "idle", "pool", "queue", "room", "workers")

    def __init__(self, workers: int, room: int, pool: Pool | None = None) -> None:
        self.workers, self.idle, self.room, self.pool, self.gone = workers, workers, room, pool, 0
        self.queue: deque[Job] = deque()
        self.hurried: deque[Job] = deque()

    @property
    def waiting(self) -> int:
        """How many wait for a worker, without those who have left the queue."""
        return len(self.queue) + len(self.hurried) - self.gone

    def leave(self, job: Job) -> None:
        """A job that waits leaves the queue; one that is worked on stays."""
        if job.begun_us < 0 and not job.left:
            job.left = True
            self.gone += 1


class Nodes:
    """Several nodes behind a balancer. `served(now_us, job)` is called when a job's work is done.

    `greeted(now_us, guest)` is called when a worker takes a job that has one. `database` is shared by all of them.
    """

    def __init__(
        self, clock: Clock, nodes: list[Node], served: Callable[[int, Job], None], *, balancer: Balancer = "random",
        database: Pool | None = None, seed: int = 0,
    ) -> None:  # fmt: skip
        self.clock, self.nodes, self.served, self.database = clock, nodes, served, database
        self.greeted: Callable[[int, Any], None]
        self._chance, self._turn = random.Random(seed), 0
        self._connected = database is not None or any(each.pool is not None for each in nodes)
        self._choose: Callable[[int], Node] = {
            "random": self._any, "round-robin": self._next, "least-busy": self._idlest, "sticky": self._own,
        }[balancer] if len(nodes) > 1 else self._only  # fmt: skip

    def enter(self, now_us: int, job: Job, whose: int = 0) -> Job | None:
        """Take a job in; `whose` tells accounts apart for a balancer that keeps each at one node.

        The job whose place is gone, if the queue is full: this one, or the last that was in no hurry.
        """
        node = job.node = self._choose(whose)
        if node.idle:
            node.idle -= 1
            self.begin(now_us, job)
            return None
        pushed_out = None
        if node.waiting >= node.room:
            pushed_out = self._last(node) if job.hurried else None
            if pushed_out is None:
                return job
        (node.hurried if job.hurried else node.queue).append(job)
        return pushed_out

    def begin(self, now_us: int, job: Job) -> None:
        """A worker takes the job."""
        job.begun_us = now_us
        if job.guest is not None:
            self.greeted(now_us, job.guest)
        if self._connected and job.database_us:
            self.clock.at(now_us + job.alone_us, self._alone, job)
        else:
            self.clock.at(now_us + job.alone_us + job.database_us, self._done, job)

    def _alone(self, now_us: int, job: Job) -> None:
        pool = job.node.pool
        if pool is None:
            self._pooled(now_us, job)
        else:
            pool.take(now_us, job, self._pooled)

    def _pooled(self, now_us: int, job: Job) -> None:
        if self.database is None:
            self._queried(now_us, job)
        else:
            self.database.take(now_us, job, self._queried)

    def _queried(self, now_us: int, job: Job) -> None:
        self.clock.at(now_us + job.database_us, self._answered, job)

    def _answered(self, now_us: int, job: Job) -> None:
        if self.database is not None:
            self.database.release(now_us)
        if job.node.pool is not None:
            job.node.pool.release(now_us)
        self._done(now_us, job)

    def _done(self, now_us: int, job: Job) -> None:
        node = job.node
        while node.hurried or node.queue:
            waiting = (node.hurried or node.queue).popleft()
            if not waiting.left:
                self.begin(now_us, waiting)
                break
            node.gone -= 1
        else:
            node.idle += 1
        self.served(now_us, job)

    @staticmethod
    def _last(node: Node) -> Job | None:
        """The last of those in no hurry, who loses its place; None where there is none."""
        while node.queue:
            job = node.queue.pop()
            if not job.left:
                return job
            node.gone -= 1
        return None

    # -- the balancer's ways -------------------------------------------------------------------------------------------

    def _only(self, whose: int) -> Node:
        del whose
        return self.nodes[0]

    def _any(self, whose: int) -> Node:
        del whose
        return self.nodes[int(self._chance.random() * len(self.nodes))]

    def _next(self, whose: int) -> Node:
        del whose
        self._turn = (self._turn + 1) % len(self.nodes)
        return self.nodes[self._turn]

    def _idlest(self, whose: int) -> Node:
        del whose
        return min(self.nodes, key=lambda each: each.waiting - each.idle)

    def _own(self, whose: int) -> Node:
        return self.nodes[whose * 2_654_435_761 % 2**32 * len(self.nodes) >> 32]


class WaitingRoom:
    """One desk that looks after newcomers in turn, those that are let in and those that are not."""

    def __init__(self, per_second: float, places: int) -> None:
        self._each_us, self._places = 1e6 / per_second, places
        self._free_us = 0.0

    def looked_after_us(self, now_us: int) -> int | None:
        """When a newcomer of this instant has been looked after; None where there is no place left."""
        if (self._free_us - now_us) / self._each_us > self._places:
            return None
        self._free_us = max(self._free_us, now_us) + self._each_us
        return int(self._free_us)
