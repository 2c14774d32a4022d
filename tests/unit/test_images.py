import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from translators.images import image_part, images_to_user_messages
from translators.ollama_requests import Message

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
        (b"GIF87a\1\0\1\0", "image/gif"),
        (b"GIF89a\1\0\1\0", "image/gif"),
        (b"RIFF\x0a\x0a\x0a\x0aWEBPVP8 ", "image/webp"),
        (b"BM\0\0", "image/jpeg"),
        (b"\x89PN", "image/jpeg"),
        (b"", "image/jpeg"),
    ],
)
def test_the_media_type_is_read_from_the_first_bytes(data: bytes, media_type: str) -> None:
    assert image_part(encoded(data)) == {
        "type": "image_url",
        "image_url": {"url": f"data:{media_type};base64,{encoded(data)}"},
    }


@pytest.mark.parametrize(
    ("data", "audio_format"),
    [
        (b"RIFF\x24\x08\0\0WAVEfmt ", "wav"),
        (b"ID3\4\0\0\0\0\0\0", "mp3"),
        (b"\xff\xfb\x90\x64\0", "mp3"),
    ],
)
def test_audio_in_the_images_field_becomes_input_audio(data: bytes, audio_format: str) -> None:
    assert image_part(encoded(data)) == {
        "type": "input_audio",
        "input_audio": {"data": encoded(data), "format": audio_format},
    }


@settings(deadline=None)  # a busy machine is not a fault of the code
@given(st.binary(max_size=64))
def test_any_bytes_arrive_whole_in_one_part(data: bytes) -> None:
    part = image_part(encoded(data))
    carried = part["input_audio"]["data"] if part["type"] == "input_audio" else part["image_url"]["url"].split(",")[1]
    assert base64.b64decode(carried) == data


def test_images_of_tool_results_follow_in_user_messages_after_the_last_result() -> None:
    first, second = encoded(PNG), encoded(b"GIF89a")
    messages, notes = images_to_user_messages(
        [
            Message(role="tool", content="ok", images=[first], tool_name="camera"),
            Message(role="tool", content="fine", images=[second], tool_name="screen"),
            Message(role="assistant", content="Seen."),
        ]
    )
    assert [(message.role, message.content, message.images) for message in messages] == [
        ("tool", "ok", []),
        ("tool", "fine", []),
        ("user", "From the tool camera:", [first]),
        ("user", "From the tool screen:", [second]),
        ("assistant", "Seen.", []),
    ]
    assert [str(note) for note in notes] == [
        "messages.images converted: moved to a user message: OpenAI takes images only there"
    ] * 2


@pytest.mark.parametrize("role", ["system", "assistant"])
def test_images_of_other_roles_follow_in_a_user_message(role: str) -> None:
    messages, _ = images_to_user_messages([Message(role=role, content="Look.", images=[encoded(PNG)])])
    assert [(message.role, message.content, message.images) for message in messages] == [
        (role, "Look.", []),
        ("user", f"From the {role} message:", [encoded(PNG)]),
    ]


def test_a_user_s_own_images_stay_where_they_are() -> None:
    message = Message(role="user", content="Look.", images=[encoded(PNG)])
    assert images_to_user_messages([message]) == ([message], [])
