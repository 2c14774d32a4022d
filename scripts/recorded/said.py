"""What the answers of a recording say."""

from addon.recordings.recording import Recording, Response, UpstreamCall
from translators.inspection.answers import Said, said_by_ollama, said_by_openai
from translators.inspection.events import Event, events_of
from translators.inspection.recognising import ollama_route
from translators.openai_apis import api_of


def header_of(response: Response, name: str) -> str:
    """The value of a header, its name in lower case; empty when there is none."""
    return next((value for key, value in response.headers if key.lower() == name), "")


def response_events(response: Response) -> list[Event]:
    """The events of an answer in their order."""
    return events_of(response.body, header_of(response, "content-type"))


def said_by_upstream(call: UpstreamCall) -> Said:
    """What the answer to a call says."""
    if call.response is None:
        return Said(error=call.error or "")
    said = _said_by_openai(call.request.path, call.response)
    said.error = call.error or said.error
    return said


def said_to_client(recording: Recording) -> Said:
    """What the client was told."""
    path, response = recording.client.request.path, recording.client.response
    if response is None:
        return Said()
    if recording.protocol == "openai":
        return _said_by_openai(path, response)
    return said_by_ollama(ollama_route(path), response_events(response))


def _said_by_openai(path: str, response: Response) -> Said:
    return said_by_openai(api_of(path), response.status, header_of(response, "content-type"), response.body)
