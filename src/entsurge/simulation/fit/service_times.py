"""How long pages hold a worker, and what they take besides: from a run in which hardly anybody waits."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from entsurge.simulation.fit.observed import HOME, SIGN_ON

if TYPE_CHECKING:
    from collections.abc import Mapping

    from entsurge.simulation.fit.observed import Pages

FEWEST, SOME = 100, 20  # pages in all, and of a service that is to have a time of its own
FEWEST_HOME = 10  # home pages that show whether sign-on has brought some of them: those then take next to nothing
UNLIKE, BEYOND_CHANCE = 0.05, 3.0  # a share and standard errors: a service further from the others has its own
LANDED_AT_LEAST = 0.15  # a share of home pages that takes next to nothing: sign-on has brought them already
FIXED_GAMMA, FIXED_LOGNORMAL = 100.0, 0.1  # past these a spread is none
SAME_LIKELIHOOD = 4.0  # of twice the logarithms: nearer ones are not told apart
MOST_DRAWN = 4_000
RESAMPLED = 200
SHORTEST_SECONDS = 1e-3  # less is what a subtraction left, no page
_Z = 1.96


@dataclass(frozen=True)
class Estimate:
    """A value, and where it lies 19 times of 20."""

    value: float
    low: float
    high: float
    pages: int = 0
    """How many pages it was taken from."""


@dataclass(frozen=True)
class Spread:
    """How times vary, as the file has it; with its parameter's interval, and whether another fits as well."""

    text: str
    low: float | None = None
    high: float | None = None
    rival: str = ""


@dataclass(frozen=True)
class ServiceTimes:
    """Seconds that a worker is held, by service where it is unlike the others.

    `landed` is the share of home pages that sign-on has brought already, 0 where there is none: `around` then cannot be
    told from `seconds`.
    """

    seconds: Estimate
    of_service: Mapping[str, Estimate]
    sign_on: Estimate
    around: Estimate
    landed: float
    spread: Spread
    pages: int

    def work(self, service: str) -> float:
        """Worker's seconds of the mean page of a service, landing pages among them."""
        one = self.of_service.get(service, self.seconds).value
        if service == SIGN_ON:
            return self.sign_on.value + (self.of_service.get(HOME, self.seconds).value if self.landed else 0.0)
        return one * (1 - self.landed) if service == HOME else one

    def expected(self, service: str) -> float:
        """Seconds of the mean page of a service that waits for nobody."""
        return self.work(service) + self.around.value

    def scaled(self, by: float) -> ServiceTimes:
        """The same with worker's times multiplied, intervals too."""
        times = {name: _scaled(each, by) for name, each in self.of_service.items()}
        return replace(
            self, seconds=_scaled(self.seconds, by), of_service=times, sign_on=_scaled(self.sign_on, by)
        )  # fmt: skip


def service_times(pages: Pages) -> ServiceTimes | None:
    """What the pages of an idle run say; None where there are too few of them."""
    served = pages.of(outcome="ok")
    signed_on = pages.seconds[pages.of(service=SIGN_ON, outcome="ok")]
    if served.sum() < FEWEST or not len(signed_on):
        return None
    home = served & pages.of(service=HOME)
    landed, around = _landed(pages.seconds[home], pages.seconds[served & ~home])
    times = {
        name: pages.seconds[served & (pages.service == number)] - around.value
        for number, name in enumerate(pages.services)
        if name not in (SIGN_ON, HOME)
    }
    times = {name: of for name, of in times.items() if len(of)}
    paid = pages.seconds[home]
    if landed:
        paid = np.sort(paid)[round(landed * len(paid)) :]
    if len(paid):
        times[HOME] = paid - around.value
    own = _unlike(times)
    general = _mean(np.concatenate([of for name, of in times.items() if name not in own] or list(times.values())))
    landing = own.get(HOME, general).value if landed else 0.0
    at_door = _mean(signed_on)
    taken = around.value + landing
    sign_on = _longer_than_nothing(at_door.value - taken, at_door.low - taken, at_door.high - taken)
    relative = np.concatenate([of / own.get(name, general).value for name, of in times.items()])
    return ServiceTimes(general, own, sign_on, around, landed, spread(relative), int(served.sum()))


def _unlike(times: Mapping[str, Any]) -> dict[str, Estimate]:
    """The services whose pages take longer or shorter than all others' beyond chance, the most unlike first."""
    own: dict[str, Estimate] = {}
    left = dict(times)
    while len(left) > 1:
        apart = {}
        for name, of in left.items():
            rest = np.concatenate([each for other, each in left.items() if other != name])
            error = math.sqrt(of.var() / len(of) + rest.var() / len(rest))
            difference = abs(of.mean() - rest.mean())
            if len(of) >= SOME and difference > max(BEYOND_CHANCE * error, UNLIKE * rest.mean()):
                apart[name] = difference / max(error, 1e-9)
        if not apart:
            break
        name = max(apart, key=apart.__getitem__)
        own[name] = _mean(left.pop(name))
    return own


def _landed(home: Any, others: Any) -> tuple[float, Estimate]:
    """The share of home pages that took next to nothing, beyond other pages' share; and how long those took."""
    if len(home) < FEWEST_HOME or not len(others):
        return 0.0, Estimate(0.0, 0.0, 0.0)
    short = 2 * np.quantile(home, 0.05)
    share = float((home <= short).mean() - (others <= short).mean())
    if share < LANDED_AT_LEAST or short > np.median(others) / 2:
        return 0.0, Estimate(0.0, 0.0, 0.0)
    least = home[home <= short]
    middle = float(np.median(least))
    random = np.random.default_rng(0)
    medians = np.median(random.choice(least, (RESAMPLED, min(len(least), MOST_DRAWN))), axis=1)
    low, high = (float(each) for each in np.quantile(medians, [0.025, 0.975]))
    return share, Estimate(middle, low, high)


def spread(relative: Any) -> Spread:
    """The distribution of times whose mean is 1, by its likelihood; one as narrow as a clock's is fixed."""
    random = np.random.default_rng(1)
    times = np.maximum(relative, 1e-4)
    quarters = np.quantile(times, [0.25, 0.5, 0.75])
    if quarters[2] - quarters[0] < FIXED_LOGNORMAL * quarters[1]:
        return Spread("fixed")
    times = times / times.mean()
    shape, sigma = _shape(times), float(np.log(times).std())
    of = {
        "gamma": float(special.xlogy(shape, shape) - special.gammaln(shape)) * len(times)
        + float(((shape - 1) * np.log(times) - shape * times).sum()),
        "lognormal": float((-np.log(times * sigma) - 0.5 * math.log(2 * math.pi)).sum()) - len(times) / 2,
    }
    best = max(of, key=of.__getitem__)
    rival = min(of, key=of.__getitem__) if 2 * abs(of["gamma"] - of["lognormal"]) < SAME_LIKELIHOOD else ""
    estimate = _shape if best == "gamma" else lambda some: float(np.log(some).std())
    some = min(len(times), MOST_DRAWN)
    drawn = [estimate(random.choice(times, some)) for _ in range(RESAMPLED)]
    low, high = (float(each) for each in np.quantile(drawn, [0.025, 0.975]))
    if best == "gamma" and low <= 1 <= high:
        return Spread("exponential", rival=rival)
    value = shape if best == "gamma" else sigma
    if (best == "gamma" and value >= FIXED_GAMMA) or (best == "lognormal" and value <= FIXED_LOGNORMAL):
        return Spread("fixed")
    return Spread(f"{best}:{value:.3g}", low, high, rival)


def _shape(times: Any) -> float:
    """The shape of a gamma distribution, by likelihood: Newton's steps from the known first guess."""
    difference = max(1e-9, math.log(times.mean()) - float(np.log(times).mean()))
    shape = (3 - difference + math.sqrt((difference - 3) ** 2 + 24 * difference)) / (12 * difference)
    for _ in range(5):
        error = math.log(shape) - float(special.digamma(shape)) - difference
        shape -= error / (1 / shape - float(special.polygamma(1, shape)))
    return shape


def _mean(times: Any) -> Estimate:
    """The mean of independent times."""
    mean = float(times.mean())
    half = _Z * float(times.std()) / math.sqrt(len(times))
    return _longer_than_nothing(mean, mean - half, mean + half, pages=len(times))


def _longer_than_nothing(value: float, low: float, high: float, *, pages: int = 0) -> Estimate:
    """An estimate of seconds, each of them more than none."""
    return Estimate(max(SHORTEST_SECONDS, value), max(SHORTEST_SECONDS, low), max(SHORTEST_SECONDS, high), pages)


def _scaled(of: Estimate, by: float) -> Estimate:
    return replace(of, value=of.value * by, low=of.low * by, high=of.high * by)
