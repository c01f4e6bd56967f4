"""An embeddings API on loopback: answers are put in line, vectors follow from the texts."""

from __future__ import annotations

import json
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

DIM = 16
Answer = tuple[int, dict[str, str], bytes]
"""Status, headers, body."""
Rule = Callable[[dict[str, Any]], Answer]


def vector(text: str) -> np.ndarray[Any, Any]:
    """Its own for every text."""
    return np.frombuffer(sha256(text.encode()).digest(), dtype=np.uint16).astype(np.float32) / 65536 - 0.5


def entries(body: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for index, text in enumerate(body["input"]):
        numbers = vector(text)[: body.get("dimensions")]
        plain = body.get("encoding_format") != "base64"
        embedding = [float(n) for n in numbers] if plain else b64encode(numbers.astype("<f4").tobytes()).decode()
        found.append({"object": "embedding", "index": index, "embedding": embedding})
    return found


def ok(body: dict[str, Any]) -> Answer:
    return answer(entries(body))


def answer(data: Any, status: int = 200, **headers: str) -> Answer:
    content = {"data": data} if status == 200 else {"error": {"message": data}}
    return status, headers, json.dumps(content).encode()


@dataclass
class Server:
    """What was asked, and what is answered: first the rules in line, then `rule`."""

    url: str
    rule: Rule = ok
    rules: list[Rule] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    inside: int = 0
    most_inside: int = 0
    delay_s: float = 0.0

    def answered(self, path: str, key: str | None, body: dict[str, Any]) -> Answer:
        with self.lock:
            self.bodies.append(body)
            self.keys.append(key)
            self.paths.append(path)
            self.times.append(time.monotonic())
            self.inside += 1
            self.most_inside = max(self.most_inside, self.inside)
            rule = self.rules.pop(0) if self.rules else self.rule
        time.sleep(self.delay_s)
        with self.lock:
            self.inside -= 1
        return rule(body)


@contextmanager
def serving() -> Iterator[Server]:
    """On a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, headers, content = found.answered(self.path, self.headers.get("Authorization"), body)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """A client that hangs up is what some tests are about."""

    server = Quiet(("127.0.0.1", 0), Handler)
    found = Server(f"http://127.0.0.1:{server.server_port}/v1")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
