"""Both ways of gathering sockets say the same of them, in libcurl's words."""

from __future__ import annotations

import select
import socket
import sys
from collections.abc import Callable, Iterator

import pytest

from aggregator.fetch.sockets import EpollSockets, SelectorSockets, Sockets, gathered

READ, WRITE, BOTH = 1, 2, 3
WAYS = [SelectorSockets, *([EpollSockets] if sys.platform == "linux" else [])]


@pytest.fixture(name="gathering", params=WAYS)
def gathering_fixture(request: pytest.FixtureRequest) -> Iterator[Sockets]:
    make: Callable[[], Sockets] = request.param
    sockets = make()
    yield sockets
    sockets.close()


@pytest.fixture(name="pair")
def pair_fixture() -> Iterator[tuple[socket.socket, socket.socket]]:
    here, there = socket.socketpair()
    with here, there:
        yield here, there


def test_a_socket_is_ready_for_what_was_asked(gathering: Sockets, pair: tuple[socket.socket, socket.socket]) -> None:
    here, there = pair
    gathering.add(here.fileno(), READ)
    assert list(gathering.ready()) == []
    there.send(b"x")
    assert list(gathering.ready()) == [(here.fileno(), READ)]
    gathering.change(here.fileno(), WRITE)
    assert list(gathering.ready()) == [(here.fileno(), WRITE)]
    gathering.change(here.fileno(), BOTH)
    assert list(gathering.ready()) == [(here.fileno(), BOTH)]
    gathering.remove(here.fileno())
    assert list(gathering.ready()) == []


def test_one_whose_other_end_is_gone_is_ready_for_reading(
    gathering: Sockets, pair: tuple[socket.socket, socket.socket]
) -> None:
    here, there = pair
    gathering.add(here.fileno(), READ)
    there.close()
    ((descriptor, events),) = gathering.ready()
    assert descriptor == here.fileno()
    assert events & READ


def test_all_of_them_are_watched_as_one(gathering: Sockets, pair: tuple[socket.socket, socket.socket]) -> None:
    here, there = pair
    gathering.add(here.fileno(), READ)
    assert select.select([gathering.descriptor], [], [], 0)[0] == []
    there.send(b"x")
    assert select.select([gathering.descriptor], [], [], 0)[0] == [gathering.descriptor]


@pytest.mark.skipif(sys.platform != "linux", reason="epoll is Linux's")
def test_linux_gathers_with_epoll() -> None:
    sockets = gathered()
    sockets.close()
    assert isinstance(sockets, EpollSockets)
