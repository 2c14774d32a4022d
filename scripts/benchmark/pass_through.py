"""The script of the proxy that ours is measured against: mitmproxy forwards each answer as it comes, nothing else."""

from mitmproxy import http


def responseheaders(flow: http.HTTPFlow) -> None:
    """Have the body forwarded as it comes: without this mitmproxy sends it when it is whole."""
    if flow.response:
        flow.response.stream = True
