"""A real Home Assistant process without a browser; what the plugin looks for after each test does not fit here."""

import pytest
import pytest_socket


@pytest.fixture(autouse=True)
def loopback(socket_enabled):
    """The plugin closes all sockets before each test; these talk to a real home on loopback."""
    pytest_socket.socket_allow_hosts(["127.0.0.1"])
