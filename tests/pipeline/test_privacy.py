"""No telemetry: a whole ingest and a search in a network namespace that has loopback only, watched for connects."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
WATCHED = """
import socket, sys
def refuse(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple) and not str(arguments[1][0]).startswith("127."):
        print("CONNECT", arguments[1], flush=True)
    if event == "socket.getaddrinfo" and arguments[0] not in (None, "localhost", "127.0.0.1", socket.gethostname()):
        print("LOOKUP", arguments[0], flush=True)
sys.addaudithook(refuse)
from quarry.cli.main import run
sys.exit(run(sys.argv[1:]))
"""


def isolated() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode == 0


def test_an_ingest_connects_to_nothing(tmp_path: Path) -> None:
    if not isolated():
        pytest.skip("this system gives no network namespace to its users")
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "a.html").write_text("<html><body><h1>Head</h1><p>A paragraph about otters and rivers.</p></body></html>")
    (docs / "b.md").write_text("# Notes\n\nBeavers build dams.\n")
    shutil.copy(ROOT / "examples" / "corpus" / "contract.pdf", docs)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
    for arguments in (["ingest", str(docs)], ["search", "who builds dams", "-k", "1"]):
        command = [
            "unshare",
            "-rn",
            sys.executable,
            "-c",
            WATCHED,
            *arguments,
            "--store",
            str(tmp_path / "store"),
            "--json",
        ]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "CONNECT" not in done.stdout
        assert "LOOKUP" not in done.stdout
    assert "Beavers" in done.stdout
