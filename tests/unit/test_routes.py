"""Paths as Go's mux and gin read them; the redirects are those of a Go 1.26 server with gin 1.10."""

import pytest

from addon.routes import find, redirect


@pytest.mark.parametrize(
    ("method", "target", "name"),
    [
        ("GET", "/api/%74ags", "tags"),
        ("GET", "/%61pi/tags", "tags"),
        ("GET", "/api%2Ftags?x=1;y", "tags"),
        ("GET", "/api%2ftags", "tags"),
        ("GET", "/%76%31/models", "openai_models"),
        ("POST", "/api/ch%61t", "chat"),
        ("GET", "/api/tags%20", None),
        ("GET", "/api/%2574ags", None),
        ("GET", "/api/tags;x", None),
        ("GET", "/API/tags", None),
        ("GET", "/api/user/keys/a%2Fb", None),
        ("GET", "/%FF", None),
        ("GET", "/\udcff", None),
    ],
)
def test_a_path_is_read_decoded(method: str, target: str, name: str | None) -> None:
    assert redirect(method, target) is None
    assert find(method, target)[0] == name


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("//api/tags", "/api/tags"),
        ("/api//tags?a=<b>", "/api/tags?a=<b>"),
        ("/api/./x/../tags", "/api/tags"),
        ("/../api/tags", "/api/tags"),
        ("/v1/models/..", "/v1"),
        ("//", "/"),
        ("//evil.com/..", "/"),
        ("//evil.com/", "/evil.com/"),
        ("/api//%74ags", "/api/%2574ags"),
        ("/api//!$&'()*+,;=@", "/api/%21$&%27%28%29%2A+,;=@"),
        ("/api//[x]", "/api/%5Bx%5D"),
        ("/api//\udcff", "/api/%FF"),
        ("/api//tags/", "/api/tags/"),
    ],
)
def test_an_unclean_path_is_redirected_whatever_the_method(method: str, target: str, location: str) -> None:
    answer = redirect(method, target)
    assert answer is not None
    assert (answer.status_code, answer.headers["Location"]) == (307, location)


@pytest.mark.parametrize(
    ("method", "target", "status", "location"),
    [
        ("GET", "/api/tags/", 301, "/api/tags"),
        ("HEAD", "/api/tags/", 307, "/api/tags"),
        ("POST", "/api/chat/?a=b", 307, "/api/chat?a=b"),
        ("GET", "/api%2ftags/", 301, "/api/tags"),
        ("GET", "/api/tags%2F", 301, "/api/tags"),
        ("GET", "/%2F", 301, "/"),
        ("GET", "/v1/models/a%20b/", 301, "/v1/models/a%20b"),
    ],
)
def test_a_slash_at_the_end_is_taken_away_where_that_is_a_route_of_the_method(
    method: str, target: str, status: int, location: str
) -> None:
    answer = redirect(method, target)
    assert answer is not None
    assert (answer.status_code, answer.headers["Location"]) == (status, location)


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/api/chat/"),
        ("OPTIONS", "/api/tags/"),
        ("GET", "/nope/"),
        ("GET", "/"),
        ("HEAD", "/?"),
        ("GET", "/v1/"),
    ],
)
def test_other_paths_with_a_slash_at_the_end_are_left_alone(method: str, target: str) -> None:
    assert redirect(method, target) is None


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("GET", b'<a href="/x%27&amp;">Temporary Redirect</a>.\n\n'),
        ("HEAD", b""),
        ("POST", b""),
    ],
)
def test_only_get_is_told_in_a_page_and_only_get_and_head_have_its_type(method: str, body: bytes) -> None:
    answer = redirect(method, "//x'&")
    assert answer is not None
    assert answer.raw_content == body
    assert answer.headers.get("Content-Type") == (None if method == "POST" else "text/html; charset=utf-8")


@pytest.mark.parametrize(("method", "status"), [("OPTIONS", 200), ("GET", 400), ("POST", 400)])
def test_a_star_is_for_options_only(method: str, status: int) -> None:
    answer = redirect(method, "*")
    assert answer is not None
    assert (answer.status_code, answer.raw_content) == (status, b"")
