"""A listener without a browser, and servers to listen at."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import uvicorn

ROOT = Path(__file__).parents[3]


class Client:
    """Speaks to a server as the page does."""

    def __init__(self, port: int):
        self.port, self.cookie = port, ""

    def ask(self, method: str, path: str, body=None, headers=None) -> tuple[int, dict, bytes]:
        sent = {"Cookie": self.cookie} if self.cookie else {}
        if body is not None:
            sent |= {"Content-Type": "application/json", "X-Wetprint": "1"}
        sent |= headers or {}
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for key, value in sent.items():
                connection.putheader(key, value)
            if data is not None and "Transfer-Encoding" not in sent:
                connection.putheader("Content-Length", str(len(data)))
            connection.endheaders(data)
            response = connection.getresponse()
            told = {key.lower(): value for key, value in response.getheaders()}
            if "set-cookie" in told:
                self.cookie = told["set-cookie"].split(";")[0]
            return response.status, told, response.read()
        finally:
            connection.close()

    def json(self, method: str, path: str, body=None, headers=None):
        status, _, data = self.ask(method, path, body, headers)
        return status, json.loads(data)

    def join(self, code: str | None = None):
        return self.json("POST", "/api/join", {"code": code} if code else {})

    def next(self) -> dict:
        status, told = self.json("GET", "/api/next")
        assert status == 200, told
        return told

    def answer(self, index: int, answer="A"):
        return self.json("POST", "/api/answer", {"index": index, "answer": answer})


@contextlib.contextmanager
def served(app) -> Iterator[int]:
    """Serve an application from a thread."""
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=lambda: server.run(sockets=[bound]), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield bound.getsockname()[1]
    server.should_exit = True
    thread.join(10)
    bound.close()


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return bound.getsockname()[1]


def start_process(path: Path, port: int, kinds: str = "abx", codes: int = 0) -> subprocess.Popen:
    """Serve the small test from a process of its own, and wait until it answers."""
    command = [sys.executable, "-m", "tests.judging.listening.serving", str(path), str(port)]
    process = subprocess.Popen([*command, kinds, str(codes)], cwd=ROOT)
    for _ in range(600):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return process
        time.sleep(0.05)
    process.kill()
    raise AssertionError("the server did not start")
