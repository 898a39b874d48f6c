"""Models against published answers, to the digits printed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entsurge.analysis.capacity import queueing, usl
from entsurge.errors import UsageError

SPEC = ([1, 18, 36, 72, 108, 144, 216], [64.9, 995.9, 1652.4, 1853.2, 1828.9, 1775.0, 1702.2])


def test_the_published_fit_of_specsdm91() -> None:
    """α, β, γ, N_peak and X_peak to the printed digits; the peak was observed."""
    found = usl.fit(*SPEC)
    assert f"{found.alpha:.7f} {found.beta:.7f} {found.gamma:.4f}" == "0.0277285 0.0001044 89.9952"
    assert f"{found.peak_load:.2f} {found.peak_served:.0f}" == "96.52 1884"
    assert found.peak_observed
    low, high = found.peak_served_interval
    assert low < 1884 < high
    assert max(map(abs, found.residuals)) < 120


@pytest.mark.parametrize(
    ("servers", "offered", "expected"),
    [(1, 0.5, "0.5000000000"), (2, 1.5, "0.6428571429"), (3, 2, "0.4444444444"), (10, 8, "0.4091801508")],
)
def test_erlang_c(servers: int, offered: float, expected: str) -> None:
    """Published shares that have to wait, to ten digits."""
    assert f"{queueing.erlang_c(servers, offered):.10f}" == expected


def test_m_m_1() -> None:
    """Quantiles of the time in M/M/1 at λ = 0.8, μ = 1, and Little's law of the same queue."""
    found = [f"{queueing.mm1_quantile(0.8, 1, share):.6f}" for share in (0.5, 0.95, 0.99)]
    assert found == ["3.465736", "14.978661", "23.025851"]
    assert queueing.mmc_mean_seconds(1, 0.8, 1) == pytest.approx(5)
    assert queueing.little(0.8, 5) == pytest.approx(4)
    assert queueing.mmc_mean_seconds(2, 2, 1) == float("inf")


def test_the_utilisation_law() -> None:
    """Four workers used to 60 % by 30 pages/s: 80 ms a page, used up at 50 pages/s."""
    assert queueing.demand_seconds(0.6, 30, 4) == pytest.approx(0.08)
    assert queueing.saturates_at(0.6, 30) == pytest.approx(50)


@settings(max_examples=10)
@given(alpha=st.floats(0.001, 0.2), beta=st.floats(1e-6, 1e-3), gamma=st.floats(1, 500), seed=st.integers(0, 2**31))
def test_a_fit_recovers_what_made_the_data(alpha: float, beta: float, gamma: float, seed: int) -> None:
    """Noise of 1 %: the fitted curve stays within 5 % of the true one everywhere that was measured."""
    load = np.array([1, 2, 4, 8, 16, 32, 64, 128, 256], float)
    truth = usl.law(load, alpha, beta, gamma)
    noisy = truth * np.random.default_rng(seed).normal(1, 0.01, len(load))
    found = usl._fitted(load, noisy)
    assert np.allclose(usl.law(load, *found), truth, rtol=0.05)


def test_no_peak_is_invented() -> None:
    """A law without coherency has no peak, and one that lies beyond the steps was not observed."""
    load = [1, 2, 4, 8, 16, 32]
    straight = usl.fit(load, [100 * each / (1 + 0.05 * (each - 1)) for each in load])
    assert not straight.peak_observed
    beyond = usl.fit(load, list(usl.law(np.array(load, float), 0.01, 0.0001, 100)))
    assert beyond.peak_load > 32
    assert not beyond.peak_observed


def test_five_steps_are_too_few() -> None:
    """Fewer than six steps: refused, with what to do."""
    with pytest.raises(UsageError, match="at least 6") as caught:
        usl.fit([1, 2, 3, 4, 5], [1, 2, 3, 4, 5])
    assert "--budget" in caught.value.hint
