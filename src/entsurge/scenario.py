"""What the author of a scenario imports: `from entsurge.scenario import Visitor, journey`.

Imports Locust, which patches the process: it comes first. With it `locust -f scenarios/student.py --host URL` works by
itself: visits are drawn from the ordinary week.
"""

from locust import events

from entsurge.engine import locust_standalone
from entsurge.visit.visitor import Visitor, journey

__all__ = ["Visitor", "journey"]

events.init.add_listener(locust_standalone.prepare)  # type: ignore[no-untyped-call]
