"""Images and audio of Ollama messages as OpenAI content parts.

Ollama's `images` are bare base64 of any media; OpenAI wants a media type beside them, and takes them in user
messages only.
"""

import binascii
import re
from collections.abc import Iterable
from typing import Any

from translators.notes import Note
from translators.ollama_requests import Message

_SNIFFED = 24  # base64 characters: 18 bytes, more than any signature needs

_IMAGE_TYPES: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
)
"""The four types that OpenAI takes, by their first bytes."""

_FALLBACK_TYPE = "image/jpeg"  # Ollama's own, for what it does not recognise

_AUDIO_FORMATS: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb"RIFF....WAVE", re.DOTALL), "wav"),
    # An ID3 tag, or the sync word of an MPEG layer III frame.
    (re.compile(rb"ID3|\xff[\xe2\xe3\xf2\xf3\xfa\xfb]"), "mp3"),
)
"""The two formats of `input_audio`; Ollama takes them in the same field as images."""


def image_part(image: str) -> dict[str, Any]:
    """One content part for one entry of `images`.

    Args:
        image: Standard base64 without line breaks.

    Returns:
        An `image_url` part with a `data:` URL, or an `input_audio` part when the bytes are WAV or MP3.
    """
    head = binascii.a2b_base64(image[:_SNIFFED])
    for signature, audio_format in _AUDIO_FORMATS:
        if signature.match(head):
            return {"type": "input_audio", "input_audio": {"data": image, "format": audio_format}}
    media_type = next((name for signature, name in _IMAGE_TYPES if signature.match(head)), _FALLBACK_TYPE)
    return {"type": "image_url", "image_url": {"url": f"data:{media_type};base64,{image}"}}


def images_to_user_messages(messages: Iterable[Message]) -> tuple[list[Message], list[Note]]:
    """Move images off messages that are not the user's, each into a user message of its own.

    Such a message stands behind the one that it was taken from, but never between a call and its results: OpenAI
    refuses any other message there.
    """
    moved: list[Message] = []
    waiting: list[Message] = []
    notes: list[Note] = []
    for message in messages:
        if message.role != "tool":
            moved += waiting
            waiting = []
        if message.role == "user" or not message.images:
            moved.append(message)
            continue
        source = f"tool {message.tool_name}" if message.role == "tool" else f"{message.role} message"
        moved.append(message.model_copy(update={"images": []}))
        waiting.append(Message.model_construct(role="user", content=f"From the {source}:", images=message.images))
        notes.append(Note("messages.images", "converted", "moved to a user message: OpenAI takes images only there"))
    return moved + waiting, notes
