"""A real mitmweb process with the addon, and what its pages ask of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.process import LOOPBACK, Process, free_port, serving

PASSWORD = "mitmweb-password"


@dataclass
class Web:
    """mitmweb that serves an Ollama too.

    Attributes:
        proxy: The Ollama.
        api: Asks mitmweb itself.
    """

    proxy: Process
    api: httpx.Client

    @property
    def address(self) -> str:
        """The page, with the password that lets in."""
        return f"{self.api.base_url}?token={PASSWORD}"

    def clear(self) -> None:
        """Empty the flow list."""
        self.api.post("/clear").raise_for_status()

    def command(self, name: str, *arguments: str) -> Any:
        """What a command returns; fails when it is refused."""
        told = self.api.post(f"/commands/{name}", json={"arguments": arguments}).raise_for_status().json()
        assert "error" not in told, told
        return told["value"]

    def refused(self, name: str, *arguments: str) -> str:
        """The error of a command that is refused."""
        answer = self.api.post(f"/commands/{name}", json={"arguments": arguments}).raise_for_status()
        return str(answer.json()["error"])

    def flows(self) -> list[dict[str, Any]]:
        """The flow list."""
        listed: list[dict[str, Any]] = self.api.get("/flows").raise_for_status().json()
        return listed

    def content(self, flow_id: str, message: str) -> bytes:
        """The content of a `request` or `response`."""
        return self.api.get(f"/flows/{flow_id}/{message}/content.data").raise_for_status().content


@contextmanager
def web_serving(upstream: str, home: Path, *arguments: str, **variables: str) -> Iterator[Web]:
    """A mitmweb that asks this upstream, until the block ends."""
    port = free_port()
    address = ["--web-host", LOOPBACK, "--web-port", str(port)]
    web = ["--no-web-open-browser", *address, "--set", f"web_password={PASSWORD}"]
    with serving(upstream, home, *web, *arguments, program="mitmweb", **variables) as proxy:
        proxy.wait_for("Web server listening at")
        # What changes something must send the same token as cookie and as header.
        headers = {"Authorization": f"Bearer {PASSWORD}", "X-XSRFToken": "token", "Cookie": "_mitmproxy_xsrf=token"}
        with httpx.Client(base_url=f"http://{LOOPBACK}:{port}", headers=headers, trust_env=False) as api:
            yield Web(proxy, api)
