"""What flows tell of exchanges: companions, links, comments, marks and metadata."""

from typing import Any

import pytest
from mitmproxy import http
from mitmproxy.test import tflow

from addon import flow_metadata
from addon.call import Reply, once
from addon.exchange import Exchange
from addon.flow_metadata import BODY_LEFT, Pieces, companions_of, noted_pieces, pieces_of
from addon.inspecting.calls import call_of, head_of
from addon.inspecting.marks import DROPPED, FAILED, REPAIRED, mark
from addon.inspecting.summary import LONGEST_ERROR, begin, summarise
from addon.live_layers import tell_cut
from addon.redaction.flows import redact_flow, shorten_keys
from addon.redaction.redactor import Redactor
from addon.setting_values import masked
from translators.events import Usage
from translators.notes import Note

KEY = "sk-test-5f3c1a9e7b2d4c6f8a0e"
URL = "http://upstream:8080/v1"
LINK = "0123abcd"


def exchange_of(**known: object) -> Exchange:
    """An exchange whose flow is linked."""
    exchange = Exchange(tflow.tflow(), "hops", KEY)
    begin(exchange, LINK)
    for name, value in known.items():
        setattr(exchange, name, value)
    return exchange


class TestPieces:
    @pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 99, 100, 101, 1000])
    def test_times_of_both_ends_are_kept_and_read_again(self, count: int) -> None:
        chunks = [(number * 1_250_000, b"x" * (number % 7)) for number in range(count)]
        pieces = pieces_of(chunks)
        told = [(round(ns / 1e6, 1), len(data)) for ns, data in chunks]
        assert (list(pieces.first), list(pieces.last)) == (told[:50], told[50:][-50:])
        assert pieces.count == count
        assert Pieces.read(str(pieces)) == pieces

    @pytest.mark.parametrize("told", ["", "many", "3: x+y |", None])
    def test_what_is_none_of_ours_is_none(self, told: object) -> None:
        flow = tflow.tflow()
        assert noted_pieces(flow) is None
        flow.metadata[flow_metadata.PIECES] = told
        assert noted_pieces(flow) is None


class TestKeys:
    @pytest.mark.parametrize(
        ("said", "shown"),
        [
            (f"no, {KEY} is wrong", f"no, {'*' * len(KEY)} is wrong"),
            (f"{KEY[:20]}… is wrong", f"{'*' * 20}… is wrong"),
            (f"{KEY[:11]}… says little", f"{KEY[:11]}… says little"),
            (f"{KEY}{KEY}", "*" * 2 * len(KEY)),
        ],
    )
    def test_what_an_upstream_repeats_of_the_key_is_masked_in_its_length(self, said: str, shown: str) -> None:
        assert masked(KEY, said.encode()) == shown.encode()

    def test_without_a_key_nothing_is_masked(self) -> None:
        assert masked("", b"text") == b"text"

    @pytest.mark.parametrize(
        ("header", "shown"),
        [
            ("Bearer sk-client-0123456789", "Bearer …6789"),
            ("bearer ollama", "bearer …"),
            ("sk-client-0123456789", "…6789"),
            ("Basic dXNlcjpwYXNzd29yZA==", "Basic …"),
            ("Bearer sk-client-0123456789 more", "Bearer …"),
            ("Token token=sk-client-0123456789, id=5", "Token …"),
            ("", "…"),
        ],
    )
    def test_of_a_clients_key_only_the_end_is_left(self, header: str, shown: str) -> None:
        headers = http.Headers(authorization=header, x_api_key="0123456789abcdef", accept="*/*")
        shorten_keys(headers)
        assert dict(headers.items()) == {"authorization": shown, "x-api-key": "…cdef", "accept": "*/*"}


class TestCalls:
    def request(self, url: str = f"{URL}/chat/completions") -> http.Request:
        headers: dict[str, Any] = {
            "host": "upstream:8080",
            "authorization": "Bearer mine",
            "x_mine": "yes",
            "content_length": "2",
        }
        return http.Request.make("POST", url, b"{}", http.Headers(**headers))

    def test_a_companions_request_is_a_call_with_its_own_headers_but_for_the_key(self) -> None:
        call = call_of(self.request(), URL)
        assert call
        assert (call.method, call.path, call.content, call.complete) == ("POST", "/chat/completions", b"{}", True)
        assert call.headers == {"x-mine": "yes"}

    @pytest.mark.parametrize(
        "url",
        [
            "http://other:8080/v1/models",
            "https://upstream:8080/v1/models",
            f"{URL}1/models",
            URL,
            "http://upstream:8080/v2/x",
        ],
    )
    def test_one_that_leads_elsewhere_is_none(self, url: str) -> None:
        assert call_of(self.request(url), URL) is None

    @pytest.mark.parametrize(
        ("base_url", "url"),
        [
            ("http://upstream:80/v1", "http://upstream/v1/models"),
            ("https://Upstream/v1", "https://upstream:443/v1/models"),
            ("http://[::1]:8080/v1", "http://[::1]:8080/v1/models"),
            ("http://upstream", "http://upstream/models"),
        ],
    )
    def test_an_address_is_the_same_however_it_is_written(self, base_url: str, url: str) -> None:
        call = call_of(self.request(url), base_url)
        assert call
        assert call.path == "/models"

    def test_the_head_of_an_answer_tells_neither_whose_the_call_was_nor_how_the_body_came(self) -> None:
        headers = {"openai-organization": "org-mine", "x-told": KEY, "content-encoding": "gzip", "content-type": "a/b"}
        head = head_of(Reply(418, headers, once(b"")), KEY)
        assert (head.status_code, head.reason) == (418, "I'm a teapot")
        told = {"openai-organization": "[redacted]", "x-told": "*" * len(KEY), "content-type": "a/b"}
        assert dict(head.headers.items()) == told


class TestMarks:
    def test_ours_are_replaced_and_taken_away_and_those_of_the_user_stay(self) -> None:
        flow = tflow.tflow()
        for marker in (DROPPED, FAILED, ""):
            mark(flow, marker)
            assert flow.marked == marker
        flow.marked = ":star:"
        mark(flow, FAILED)
        assert flow.marked == ":star:"


class TestSummary:
    def test_it_is_one_line_and_plain_data(self) -> None:
        notes = [
            Note("options.top_k", "dropped", "why"),
            Note("think", "converted", "how"),
            Note("options.top_k", "dropped", ""),
        ]
        exchange = exchange_of(model="llama3", asked_model="gpt-4o", notes=notes, first_ns=12_300_000)
        exchange.usage = Usage(3, 4)
        summarise(exchange, LINK)
        flow = exchange.flow
        assert flow.comment == f"llama3 → gpt-4o · 3 + 4 tokens · TTFT 12 ms · dropped: options.top_k #{LINK}"
        assert flow.metadata[flow_metadata.EXCHANGE] == LINK
        assert flow.marked == DROPPED
        assert flow.metadata[flow_metadata.NOTES][1] == ["think", "converted", "how"]
        assert flow.metadata[flow_metadata.TTFT_MS] == 12.3
        assert flow_metadata.ERROR not in flow.metadata
        assert http.HTTPFlow.from_state(flow.get_state()).metadata == flow.metadata

    @pytest.mark.parametrize(
        ("known", "marker", "told"),
        [
            ({"error": "it broke", "repairs": ["x"]}, FAILED, "error: it broke · repaired: x"),
            ({"repairs": ["temperature dropped"]}, REPAIRED, "repaired: temperature dropped"),
            ({"retries": ["429", "503"]}, "", "retried: 429, 503"),
            ({"usage": Usage(None, 4), "first_ns": 2_000_000}, "", "? + 4 tokens · TTFT 2 ms"),
            ({"error": "long " * 100}, FAILED, f"error: {('long ' * 100)[:LONGEST_ERROR]}…"),
            ({"error": f"the key {KEY}"}, FAILED, "error: the key …8a0e"),
        ],
    )
    def test_what_matters_is_told_and_marked(self, known: dict[str, object], marker: str, told: str) -> None:
        exchange = exchange_of(**known)
        summarise(exchange, LINK)
        assert exchange.flow.comment == f"{told} #{LINK}"
        assert exchange.flow.marked == marker
        assert KEY not in str(exchange.flow.metadata)

    def test_an_exchange_that_asked_nobody_has_no_comment(self) -> None:
        exchange = exchange_of()
        summarise(exchange, LINK)
        assert (exchange.flow.comment, exchange.flow.marked) == ("", "")

    def test_a_client_that_has_left_is_told_and_no_failure(self) -> None:
        exchange = exchange_of(model="m")
        exchange.flow.error = tflow.terr("Client disconnected.")
        summarise(exchange, LINK)
        assert exchange.flow.comment.startswith("m · error: Client disconnected. #")
        assert exchange.flow.marked == ""

    def test_a_users_comment_stays(self) -> None:
        exchange = exchange_of(model="m")
        exchange.flow.comment = "mine"
        summarise(exchange, LINK)
        assert exchange.flow.comment == "mine"

    def test_a_body_that_is_cut_is_told_behind(self) -> None:
        exchange = exchange_of(model="m")
        exchange.flow.comment = f"#{LINK}"
        tell_cut(exchange.flow, 10, 20)
        summarise(exchange, LINK)
        assert exchange.flow.comment == f"m #{LINK} (first 10 of 20 body bytes kept)"

    def test_a_replay_tells_nothing_of_what_was_before(self) -> None:
        exchange = exchange_of(model="m", error="it broke")
        flow = exchange.flow
        others = {flow_metadata.VERDICT: "ours", BODY_LEFT: True, "mine": 1}
        flow.metadata |= others
        summarise(exchange, LINK)
        begin(exchange, "89abcdef")
        assert flow.comment == ""
        assert flow.metadata == {**others, flow_metadata.EXCHANGE: "89abcdef"}

    def test_vectors_have_no_time_to_a_first_token(self) -> None:
        exchange = exchange_of(usage=Usage(7, None), first_ns=1)
        summarise(exchange, LINK)
        assert exchange.flow.comment == f"7 tokens #{LINK}"

    def test_a_key_in_an_answer_is_masked(self) -> None:
        exchange = exchange_of()
        exchange.flow.response = http.Response.make(200, f"your key {KEY}")
        summarise(exchange, LINK)
        assert exchange.flow.response.text == f"your key {'*' * len(KEY)}"


def test_the_companions_of_a_flow_are_found_in_the_order_of_their_calls() -> None:
    flows = [tflow.tflow() for _ in range(5)]
    for flow, (link_of_it, call) in zip(flows, [("a", None), ("a", 2), ("b", 1), ("a", 1), ("a", 10)], strict=True):
        flow.metadata[flow_metadata.EXCHANGE] = link_of_it
        if call:
            flow.metadata[flow_metadata.CALL] = call
    assert companions_of(flows[0], [*flows, tflow.ttcpflow()]) == [flows[3], flows[1], flows[4]]


def test_what_is_redacted_is_no_edit_and_an_edit_stays_one() -> None:
    redactor = Redactor([KEY])
    redacted, edited = exchange_of(), exchange_of()
    for exchange in (redacted, edited):
        exchange.flow.request.content = f"the key {KEY}".encode()
        summarise(exchange, LINK)
    edited.flow.request.content = f"another {KEY}".encode()
    for exchange in (redacted, edited):
        assert redact_flow(exchange.flow, redactor)
        assert KEY not in str(exchange.flow.request.text)
    assert (flow_metadata.is_edited(redacted.flow), flow_metadata.is_edited(edited.flow)) == (False, True)
