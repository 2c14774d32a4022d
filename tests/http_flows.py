"""Exchanges as mitmproxy holds them."""

from mitmproxy import http
from mitmproxy.test import tflow


def flow_of(path: str, asked: bytes, content_type: str, body: bytes, status: int = 200) -> http.HTTPFlow:
    """An exchange that is over."""
    flow = tflow.tflow()
    flow.live = False
    flow.request = http.Request.make(
        "POST", f"http://127.0.0.1:11434{path}", asked, http.Headers(content_type="application/json")
    )
    headers = http.Headers(content_type=content_type) if content_type else http.Headers()
    flow.response = http.Response.make(status, body, headers)
    return flow
