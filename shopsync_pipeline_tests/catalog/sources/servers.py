"""Real file servers on loopback, in threads of the test process: FTP, FTPS with explicit TLS, and SFTP.

They are other libraries than the ones under test, and can be told to misbehave as servers do.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import asyncssh
from pyftpdlib.authorizers import AuthenticationFailed, DummyAuthorizer
from pyftpdlib.filesystems import AbstractedFS
from pyftpdlib.handlers import FTPHandler, TLS_DTPHandler, TLS_FTPHandler
from pyftpdlib.ioloop import IOLoop
from pyftpdlib.servers import FTPServer

HOST = "127.0.0.1"
USER = "dealer"
PASSWORD = "hush-hush"


@dataclass
class Behaviour:
    """What a server does besides serving `folder`. `sent` collects the names of the files that were asked for.

    `cut_after`: bytes of a file after which the line is cut, as often as `cuts` says. `while_sending` is called with
    a file's name when its first bytes are asked for. `names` replaces the listing of the top folder by files with
    these names. `lines` replaces the answer to LIST. `repeats_password`: a refused login is answered with it.
    """

    folder: Path
    sent: list[str] = field(default_factory=list)
    logins: int = 0
    cut_after: int | None = None
    cuts: int = 0
    while_sending: Callable[[str], None] = lambda name: None
    names: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    missing_commands: tuple[str, ...] = ()
    repeats_password: bool = False
    continued: list[bool] = field(default_factory=list)

    def asked(self, name: str) -> None:
        """Notes that a file is being sent."""
        self.sent.append(name)
        self.while_sending(name)

    def cuts_at(self, position: int) -> bool:
        """Whether the line is to be cut now that `position` bytes of a file have been sent."""
        if self.cut_after is None or self.cuts == 0 or position < self.cut_after:
            return False
        self.cuts -= 1
        return True


@dataclass(frozen=True)
class Server:
    """A running server: its `address` up to the slash, and how it behaves."""

    scheme: str
    port: int
    behaviour: Behaviour

    @property
    def address(self) -> str:
        """`ftp://127.0.0.1:PORT`."""
        return f"{self.scheme}://{HOST}:{self.port}"


class _Sent:
    """A file that an FTP server sends, which may cut the line in the middle."""

    def __init__(self, handler: Any, path: str) -> None:
        self._handler = handler
        self._file = open(path, "rb")  # noqa: SIM115 -- closed by the server
        self.name = path
        handler.behaviour.asked(Path(path).name)

    def read(self, size: int) -> bytes:
        if self._handler.behaviour.cuts_at(self._file.tell()):
            self._handler.close()
            return b""
        return self._file.read(min(size, 16_384))

    def seek(self, offset: int) -> int:
        return self._file.seek(offset)

    def close(self) -> None:
        self._file.close()

    @property
    def closed(self) -> bool:
        return self._file.closed


class _Shelves(AbstractedFS):
    def open(self, filename: str, mode: str) -> Any:
        return _Sent(self.cmd_channel, filename) if mode == "rb" else super().open(filename, mode)

    def format_mlsx(self, basedir: str, listing: Any, perms: str, facts: Any,
                    ignore_err: bool = True) -> Iterator[bytes]:
        if not (names := self.cmd_channel.behaviour.names):
            yield from super().format_mlsx(basedir, listing, perms, facts, ignore_err)
        for name in names:
            yield b"type=file;size=3;modify=20260102030405; " + name.encode("utf-8", "surrogateescape") + b"\r\n"

    def format_list(self, basedir: str, listing: Any, ignore_err: bool = True) -> Iterator[bytes]:
        if lines := self.cmd_channel.behaviour.lines:
            return iter([f"{line}\r\n".encode() for line in lines])
        found: Iterator[bytes] = super().format_list(basedir, listing, ignore_err)
        return found


class _Guests(DummyAuthorizer):
    repeats_password = False

    def validate_authentication(self, username: str, password: str, handler: Any) -> None:
        try:
            super().validate_authentication(username, password, handler)
        except AuthenticationFailed:
            if self.repeats_password:
                raise AuthenticationFailed(f"no entry for {username} with {password}") from None
            raise


class _Continuing(TLS_DTPHandler):
    """Notes of each data connection whether it continues the TLS session of the control connection."""

    def handle_close(self) -> None:
        self._note()
        super().handle_close()

    def close(self) -> None:
        self._note()
        super().close()

    def _note(self) -> None:
        from OpenSSL import SSL

        if getattr(self, "_noted", False) or not isinstance(self.socket, SSL.Connection):
            return
        self._noted = True
        self.cmd_channel.behaviour.continued.append(bool(SSL._lib.SSL_session_reused(self.socket._ssl)))


class FtpServer:
    """An FTP server in a thread; with a certificate's `pem` it takes nothing but explicit TLS."""

    def __init__(self, behaviour: Behaviour, pem: Path | None = None) -> None:
        """Starts listening; the server ends with `stop`."""
        guests = _Guests()
        guests.repeats_password = behaviour.repeats_password
        guests.add_user(USER, PASSWORD, str(behaviour.folder), perm="elr")
        kind = TLS_FTPHandler if pem else FTPHandler

        class Handler(kind):  # type: ignore[misc, valid-type]
            authorizer = guests
            abstracted_fs = _Shelves
            use_sendfile = False
            unicode_errors = "surrogateescape"
            auth_failed_timeout = 0
            proto_cmds: ClassVar[dict[str, Any]] = {
                name: told for name, told in kind.proto_cmds.items() if name not in behaviour.missing_commands}

            def on_login(self, username: str) -> None:
                behaviour.logins += 1

        Handler.behaviour = behaviour
        if pem:
            Handler.certfile = str(pem)
            Handler.tls_control_required = Handler.tls_data_required = True
            Handler.dtp_handler = _Continuing
        self._server = FTPServer((HOST, 0), Handler, ioloop=IOLoop())
        self.port: int = self._server.socket.getsockname()[1]
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._ended.is_set():
            self._server.ioloop.loop(timeout=0.02, blocking=False)
        self._server.close_all()

    def stop(self) -> None:
        """Hangs up on everyone."""
        self._ended.set()
        self._thread.join(10)


class _Sftp(asyncssh.SFTPServer):  # type: ignore[misc]
    def __init__(self, channel: Any, behaviour: Behaviour) -> None:
        super().__init__(channel, chroot=str(behaviour.folder))
        self._behaviour = behaviour
        self._cut = False

    def read(self, file_obj: Any, offset: int, size: int) -> bytes:
        # A file may be opened several times for one download; it is asked for when it is read from its beginning.
        if offset == 0:
            self._behaviour.asked(os.fsdecode(os.path.basename(file_obj.name)))
        # Many reads are under way at once, and a line is cut once.
        if not self._cut and self._behaviour.cuts_at(offset):
            self._cut = True
            self.channel.get_connection().abort()
        data: bytes = super().read(file_obj, offset, size)
        return data

    async def scandir(self, path: bytes) -> AsyncIterator[Any]:
        if self._behaviour.names and path == b"/":
            for name in self._behaviour.names:
                told = asyncssh.SFTPAttrs(permissions=0o100644, size=3, atime=1_767_323_045, mtime=1_767_323_045)
                yield asyncssh.SFTPName(name.encode("utf-8", "surrogateescape"), "", told)
            return
        async for entry in super().scandir(path):
            yield entry


class _Door(asyncssh.SSHServer):  # type: ignore[misc]
    def __init__(self, behaviour: Behaviour, keys: tuple[Any, ...]) -> None:
        self._behaviour = behaviour
        self._keys = keys

    def password_auth_supported(self) -> bool:
        return not self._keys

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)

    def public_key_auth_supported(self) -> bool:
        return bool(self._keys)

    def validate_public_key(self, username: str, key: Any) -> bool:
        return username == USER and any(key.public_data == known.public_data for known in self._keys)

    def auth_completed(self) -> None:
        self._behaviour.logins += 1


class SftpServer:
    """An SFTP server in a thread. It takes USER with PASSWORD, or, if it is given `keys`, with one of those only."""

    def __init__(self, behaviour: Behaviour, host_key: Any, keys: tuple[Any, ...] = ()) -> None:
        """Starts listening; the server ends with `stop`."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._wait(asyncssh.listen(
            HOST, 0, server_factory=lambda: _Door(behaviour, keys), server_host_keys=[host_key],
            sftp_factory=lambda channel: _Sftp(channel, behaviour), encoding=None))
        self.port: int = self._server.get_port()

    def _wait(self, what: Any) -> Any:
        async def awaited() -> Any:
            return await what
        return asyncio.run_coroutine_threadsafe(awaited(), self._loop).result(10)

    def stop(self) -> None:
        """Hangs up on everyone."""
        self._loop.call_soon_threadsafe(self._server.close)
        self._wait(self._ended())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @staticmethod
    async def _ended() -> None:
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
