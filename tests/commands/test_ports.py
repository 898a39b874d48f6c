"""A port that somebody else has: the next free one is taken."""

import socket

import pytest

from entsurge.errors import UsageError
from entsurge.metrics.exporter import Exporter
from entsurge.metrics.ports import HOST, free_port


def test_the_next_free_port_is_taken() -> None:
    """By the look and by the exporter; 0 stays what anybody may have."""
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert port < free_port(port, "--web-port") <= port + 50
        assert port < Exporter().serve(port) <= port + 50
    assert free_port(0, "--web-port") == 0


def test_a_port_that_may_not_be_had_or_past_the_last_is_refused() -> None:
    """One sentence that names the option."""
    with socket.socket() as taken:
        taken.bind((HOST, 65_535))
        taken.listen()
        with pytest.raises(UsageError, match="--web-port 65535: no port is free up to 65535"):
            free_port(65_535, "--web-port")
