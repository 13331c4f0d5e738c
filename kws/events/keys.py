"""CURVE keys: one folder for the daemon, one for each client; every file holds one Z85 key.

::

    keys/server.key          secret of the daemon, mode 0600
    keys/server.pub          its public key, every client needs it
    keys/clients/NAME.pub    the clients that may listen
    keys/control.allow       names of those that may also mute, reload ... one a line

    NAME/client.key          secret of the client, mode 0600
    NAME/server.pub          whom it trusts
"""

import logging
import os
import re
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import zmq

from kws.errors import ConfigError, EndpointError, OutputError

logger = logging.getLogger(__name__)

ZAP_DOMAIN = b"kws"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class ServerKeys:
    """The folder of the daemon.  The lists of clients are read again for every handshake."""

    folder: Path
    public: bytes
    secret: bytes

    @classmethod
    def load(cls, folder: Path) -> "ServerKeys":
        """Raises `EndpointError` for a missing, damaged or readable-by-others key."""
        secret = _read_secret(folder / "server.key")
        keys = cls(folder, zmq.curve_public(secret), secret)
        keys.clients()
        return keys

    @property
    def control_list(self) -> Path:
        """Names of the clients that may change something."""
        return self.folder / "control.allow"

    def clients(self) -> dict[bytes, str]:
        """Public key to name of all who may listen.

        Raises `EndpointError` for a damaged file, or where others could have added a client.
        """
        _check_ours(self.folder)
        _check_ours(self.folder / "clients")
        return {read_key(path): path.stem for path in sorted(self.folder.glob("clients/*.pub"))}

    def may_control(self, public: bytes) -> bool:
        """Whether this client stands in ``control.allow``; a list that cannot be read says no."""
        try:
            name = self.clients().get(public)
            allowed = read_names(self.control_list)
        except EndpointError as error:
            logger.error("no client may control the daemon: %s", error)
            return False
        return name is not None and name in allowed

    def callback(self, domain: str, key: bytes) -> bool:
        """Asked by the authenticator (in its thread) whether a client may connect."""
        try:
            return domain == ZAP_DOMAIN.decode() and key in self.clients()
        except EndpointError as error:
            logger.error("no client is admitted: %s", error)
            return False

    def secure(self, socket: zmq.Socket[bytes]) -> None:
        """Make ``socket`` a CURVE server that admits nobody without the authenticator's word."""
        socket.curve_secretkey = self.secret
        socket.curve_publickey = self.public
        socket.curve_server = True
        # Without a domain, or without the enforcement, libzmq admits every client whenever no
        # authenticator is running.
        socket.zap_domain = ZAP_DOMAIN
        socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)


@dataclass(frozen=True)
class ClientKeys:
    """The folder of a client."""

    public: bytes
    secret: bytes
    server: bytes

    @classmethod
    def load(cls, folder: Path) -> "ClientKeys":
        """Raises `EndpointError` for a missing, damaged or readable-by-others key."""
        secret = _read_secret(folder / "client.key")
        return cls(zmq.curve_public(secret), secret, read_key(folder / "server.pub"))

    def secure(self, socket: zmq.Socket[bytes]) -> None:
        """Make ``socket`` a CURVE client that talks to nobody but this server."""
        socket.curve_secretkey = self.secret
        socket.curve_publickey = self.public
        socket.curve_serverkey = self.server


def make_server_keys(folder: Path) -> ServerKeys:
    """New keys for a daemon; refuses (`ConfigError`) to replace those that are there."""
    public, secret = zmq.curve_keypair()
    _make_folder(folder)
    _make_folder(folder / "clients")
    _write(folder / "server.key", secret, 0o600)
    _write(folder / "server.pub", public, 0o644)
    keys = ServerKeys(folder, public, secret)
    _write(keys.control_list, b"", 0o644)
    return keys


def make_client_keys(server: ServerKeys, name: str, control: bool, folder: Path) -> None:
    """New keys for a client in ``folder``, and its entry in the lists of the daemon; or nothing.

    Raises `ConfigError` for a name that is not a file name or is taken, or that belonged to an
    earlier client who was allowed more.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{name!r} cannot name a client: use letters, digits, '.', '-' and '_'")
    listed, entry = _listed(server.control_list), server.folder / "clients" / f"{name}.pub"
    if name in listed and not (control or entry.exists()):
        raise ConfigError(
            f"{server.control_list} names {name} still, who could control the daemon: "
            "remove that line, or say --control"
        )
    public, secret = zmq.curve_keypair()
    with ExitStack() as undoing:
        _write(entry, public, 0o644)
        undoing.callback(entry.unlink)
        _make_folder(folder)
        _write(folder / "client.key", secret, 0o600)
        undoing.callback((folder / "client.key").unlink)
        _write(folder / "server.pub", server.public, 0o644)
        undoing.callback((folder / "server.pub").unlink)
        if control:
            _append(server.control_list, name)
        undoing.pop_all()


def read_names(path: Path) -> set[str]:
    """The names in a list, one a line; what follows a ``#`` is a comment.

    Raises `EndpointError` for a line that is not a name, or a list that others may write to.
    """
    try:
        _check_ours(path)
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise EndpointError(f"cannot read {path}: {error}") from error
    names = {line.partition("#")[0].strip() for line in lines} - {""}
    for name in sorted(names):
        if not _NAME.fullmatch(name):
            raise EndpointError(f"{path}: {name!r} is no name of a client: one a line, no more")
    return names


def read_key(path: Path) -> bytes:
    """The Z85 key in ``path``; raises `EndpointError` when there is none."""
    try:
        key = path.read_bytes().strip()
    except OSError as error:
        raise EndpointError(f"cannot read the key {path}: {error.strerror}") from error
    if not _is_key(key):
        raise EndpointError(f"{path} holds no CURVE key of 40 characters: make one, `kws keygen`")
    return key


def _is_key(text: bytes) -> bool:
    # The alphabet of Z85 (ZeroMQ RFC 32); not all that is written in it stays within 32 bytes.
    if not re.fullmatch(rb"[0-9A-Za-z.:+=^!/*?&<>()\[\]{}@%$#-]{40}", text):
        return False
    try:
        zmq.curve_public(text)
    except zmq.ZMQError:
        return False
    return True


def _read_secret(path: Path) -> bytes:
    key = read_key(path)
    if path.stat().st_mode & 0o077:
        raise EndpointError(f"others can read the secret key {path}: run `chmod 600 {path}`")
    return key


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    except OSError as error:
        raise ConfigError(f"cannot make the folder {folder}: {error.strerror}") from error


def _check_ours(path: Path) -> None:
    """Raise `EndpointError` if others than this user and root may write to `path`."""
    try:
        status = path.stat()
    except OSError as error:
        raise EndpointError(f"cannot read {path}: {error.strerror}") from error
    if status.st_mode & 0o022 or status.st_uid not in (os.geteuid(), 0):
        raise EndpointError(
            f"others can write to {path} and so let clients in: run `chmod go-w {path}`, and see "
            "whose it is"
        )


def _listed(path: Path) -> set[str]:
    """The names in a list that may not be there yet."""
    try:
        return read_names(path) if path.exists() else set()
    except EndpointError as error:
        raise ConfigError(str(error)) from error


def _append(path: Path, line: str) -> None:
    try:
        content = path.read_text(encoding="utf-8") if path.exists() else ""
        # Somebody's editor may have left out the last line end.
        gap = "" if content.endswith("\n") or not content else "\n"
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{gap}{line}\n")
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}") from error


def _write(path: Path, content: bytes, mode: int) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError as error:
        raise ConfigError(f"{path} is there already: remove it first to make a new one") from error
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}") from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content + b"\n" if content else b"")
    except OSError as error:
        path.unlink()  # half a key would stand in the way of the next one
        raise OutputError(f"cannot write {path}: {error.strerror}") from error
