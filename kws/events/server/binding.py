"""Binding the two sockets of the daemon, so that nobody else can have, steal or flood them."""

import os

import zmq

from kws.errors import EndpointError
from kws.events.endpoints import ipc_path
from kws.events.keys import ServerKeys
from kws.events.requests import LARGEST_REQUEST

HIGH_WATER_MARK = 1000
"""Messages that wait for one slow subscriber before ZeroMQ drops its next ones."""

LINGER_MS = 1000
"""How long closing waits for subscribers that have not taken the last messages yet."""

LARGEST_FRAME = 2 * LARGEST_REQUEST
"""Bytes; libzmq cuts the connection of whoever sends more.  Up to here even a request that is too
large gets an answer."""


def open_events(context: zmq.Context[zmq.Socket[bytes]]) -> zmq.Socket[bytes]:
    """The XPUB socket, not bound yet."""
    socket = context.socket(zmq.XPUB)
    # Every subscription is shown, not only the first of its kind: each joiner gets a heartbeat.
    socket.setsockopt(zmq.XPUB_VERBOSE, 1)
    socket.sndhwm = HIGH_WATER_MARK
    _harden(socket)
    return socket


def open_control(context: zmq.Context[zmq.Socket[bytes]]) -> zmq.Socket[bytes]:
    """The ROUTER socket, not bound yet."""
    socket = context.socket(zmq.ROUTER)
    socket.sndhwm = socket.rcvhwm = HIGH_WATER_MARK
    _harden(socket)
    return socket


def bind(socket: zmq.Socket[bytes], endpoint: str, keys: ServerKeys | None) -> str:
    """Bind and return the endpoint with its real port; raises `EndpointError`.

    The mode of an ipc socket follows the umask, as a file does: whether the group may connect is
    the caller's umask to say (systemd: ``UMask=0007``), but never others, and never execute bits.
    """
    if keys is not None:
        keys.secure(socket)
    socket.ipv6 = "[" in endpoint
    umask = os.umask(0o117)
    os.umask(umask | 0o117)
    try:
        socket.bind(endpoint)
    except zmq.ZMQError as error:
        raise EndpointError(_explain(endpoint, error)) from error
    finally:
        os.umask(umask)
    bound = socket.getsockopt(zmq.LAST_ENDPOINT)
    assert isinstance(bound, bytes)
    return bound.decode().rstrip("\0")


def _harden(socket: zmq.Socket[bytes]) -> None:
    socket.linger = LINGER_MS
    socket.maxmsgsize = LARGEST_FRAME
    # A peer that vanished without a word is noticed within half a minute.
    socket.heartbeat_ivl = 10_000
    socket.heartbeat_timeout = 30_000
    socket.tcp_keepalive = 1


def _explain(endpoint: str, error: zmq.ZMQError) -> str:
    if error.errno == zmq.EADDRINUSE:
        return f"{endpoint} is taken by another process: stop it, or choose another endpoint"
    path = ipc_path(endpoint)
    if path is not None and not path.parent.is_dir():
        return f"cannot bind {endpoint}: there is no folder {path.parent}"
    return f"cannot bind {endpoint}: {zmq.strerror(error.errno or 0)}"
