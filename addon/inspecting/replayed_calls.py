"""Companions that mitmproxy replays: they are sent by our own client, which adds the key."""

import asyncio
import logging

from mitmproxy import http
from mitmproxy.log import ALERT

from addon.exchange import Exchange
from addon.flow_metadata import PIECES
from addon.inspecting.calls import call_of, head_of
from addon.inspecting.marks import FAILED, mark
from addon.responses import OPENAI_PREFIX, failure_answer
from addon.setting_values import masked
from addon.settings import Settings
from addon.transport import Transport
from translators.errors import OllamaError

logger = logging.getLogger(__name__)


async def ask_again(exchange: Exchange, transport: Transport, settings: Settings) -> http.Response | None:
    """The upstream's answer to a companion, edited or not.

    Args:
        exchange: Whose flow is the companion.
        transport: What carries the call.
        settings: Of which the upstream's address and its time are used.

    Returns:
        What it answered, or an error; None where the companion leads elsewhere by now: mitmproxy sends it there,
        without the key.
    """
    flow = exchange.flow
    flow.metadata.pop(PIECES, None)
    call = call_of(flow.request, settings.base_url)
    if call is None:
        logger.log(ALERT, "A replayed call is sent without the key: it leads to %s", flow.request.pretty_host)
        mark(flow, "")
        return None
    deadline = asyncio.get_running_loop().time() + settings.request_timeout
    try:
        reply = await transport.send(call, exchange, deadline)
        response = head_of(reply, exchange.key)
        response.raw_content = masked(exchange.key, await reply.read())
    except OllamaError as error:
        response = failure_answer(exchange.told(error), OPENAI_PREFIX)
    mark(flow, FAILED if response.status_code >= 400 else "")
    return response
