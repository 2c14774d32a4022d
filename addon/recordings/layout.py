"""How a recording is written: JSON to be read in a diff, with one member, one chunk and one header a line."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from addon.recordings.recording import SLICE, Recording, bytes_to_json, compact, texts

LONGEST_ROW: Final = 100
"""Characters of a list of plain values that still stands on one line."""

type _Put = Callable[[str], None]


def recording_text(recording: Recording) -> str:
    """The text of a recording's file: the same recording always gives the same text."""
    return "".join(recording_pieces(recording))


def recording_pieces(recording: Recording) -> Iterator[str]:
    """The pieces of a recording's text: each is about as long as `SLICE`, to be written at once."""
    pieces = list[str]()
    _lay_out(recording.model_dump(exclude={"fault"} if recording.fault is None else None), "", pieces.append)
    gathered, length = list[str](), 0
    for piece in pieces:
        gathered.append(piece)
        length += len(piece)
        if length > SLICE:
            yield "".join(gathered)
            gathered, length = [], 0
    yield "".join(gathered) + "\n"


def _lay_out(value: Any, indent: str, put: _Put) -> None:
    inner = f"{indent}  "
    if isinstance(value, dict) and value:
        before = "{"
        for key, item in value.items():
            put(f"{before}\n{inner}{compact(key)}: ")
            _lay_out(item, inner, put)
            before = ","
        put(f"\n{indent}}}")
    elif isinstance(value, list | tuple) and value and not _is_short(value):
        before = "["
        for item in value:
            put(f"{before}\n{inner}")
            _lay_out_item(item, inner, put)
            before = ","
        put(f"\n{indent}]")
    else:
        _put_line(value, put)


def _lay_out_item(item: Any, indent: str, put: _Put) -> None:
    match item:
        case float() as t_ms, bytes() as data if len(data) > SLICE:
            _put_line([t_ms, bytes_to_json(data)], put)
        case float() as t_ms, bytes() as data:  # a chunk, of which there is one for each token
            try:
                kept: Any = data.decode()
            except UnicodeDecodeError:
                kept = bytes_to_json(data)
            put(f"[{t_ms!r},{compact(kept)}]")
        case dict():
            _lay_out(item, indent, put)
        case _:
            _put_line(item, put)


def _is_short(values: Iterable[Any]) -> bool:
    if any(isinstance(value, dict | list | tuple) or len(str(value)) > LONGEST_ROW for value in values):
        return False
    return len(compact(values)) <= LONGEST_ROW


def _put_line(value: Any, put: _Put) -> None:
    """JSON without blanks, with bytes as a text, and none of it made by a call of C code that takes long."""
    if isinstance(value, bytes):
        put('"')
        for text in texts(value):
            put(compact(text)[1:-1])
        put('"')
    elif isinstance(value, list):
        before = "["
        for item in value:
            put(before)
            _put_line(item, put)
            before = ","
        put("]" if value else "[]")
    else:
        put(compact(value))
