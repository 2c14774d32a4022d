"""Where people see flows: in the list of mitmweb and mitmproxy, and in files."""

from mitmproxy import ctx
from mitmproxy.addons.view import View


def flow_list() -> View | None:
    """The list of flows of mitmweb and mitmproxy; None in mitmdump, and outside of mitmproxy. An empty one is false."""
    master = getattr(ctx, "master", None)
    view: View | None = master.addons.get("view") if master else None
    return view


def flows_are_seen() -> bool:
    """Whether anybody can see flows: mitmweb and mitmproxy list them, and these options write them into files."""
    options = ctx.options
    return flow_list() is not None or any(
        name in options and getattr(options, name) for name in ("save_stream_file", "hardump")
    )
