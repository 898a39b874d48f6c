"""Names that lead where a test says, and addresses that swallow whoever wants to connect."""

import contextlib
import socket

IPV6 = True
try:
    with socket.socket(socket.AF_INET6) as tried:
        tried.bind(("::1", 0))
except OSError:
    IPV6 = False


def found(*addresses: str) -> list[tuple]:
    """What `getaddrinfo` would return for these."""
    return [
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, 0, 0, 0))
        if ":" in address
        else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0))
        for address in addresses
    ]


class Names:
    """A lookup that answers what it holds, which a test changes; an error is raised. `asked` are the questions."""

    def __init__(self, **held: list[str] | Exception) -> None:
        self.held, self.asked = held, []

    def __call__(self, host: str, port: None, /, *, type: int) -> list[tuple]:  # noqa: A002
        self.asked.append(host)
        answer = self.held.get(host, socket.gaierror(socket.EAI_NONAME, "Name or service not known"))
        if isinstance(answer, Exception):
            raise answer
        return found(*answer)


class Swallowing:
    """A port that answers nobody: its queue is full and nobody takes from it, so the system drops what else comes."""

    def __init__(self, address: str, port: int = 0) -> None:
        self.held = [socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)]
        self.held[0].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.held[0].bind((address, port))
        self.held[0].listen(0)
        self.port = self.held[0].getsockname()[1]
        for _ in range(20):
            waiting = socket.socket(self.held[0].family)
            self.held.append(waiting)
            waiting.settimeout(0.2)
            try:
                waiting.connect((address, self.port))
            except TimeoutError:
                return
        raise RuntimeError("the queue does not fill")

    def take(self) -> None:
        """Let in who waits: there is room again."""
        self.held[0].setblocking(False)
        with contextlib.suppress(BlockingIOError):
            self.held.append(self.held[0].accept()[0])

    def close(self) -> None:
        for each in self.held:
            with contextlib.suppress(OSError):
                each.close()


def free_port(*addresses: str) -> int:
    """A port that is free on all of these."""
    for _ in range(50):
        with contextlib.ExitStack() as held:
            port = 0
            try:
                for address in addresses:
                    one = held.enter_context(socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET))
                    one.bind((address, port))
                    port = port or one.getsockname()[1]
            except OSError:
                continue
            return port
    raise RuntimeError("no port is free")
