"""What upstreams refuse of an embeddings request, and what is learned from it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addon.embedding import MOST_MODELS
from addon.learned import Learned
from translators.errors import UpstreamBroken, UpstreamError
from translators.openai_embeddings_accepted import ANYTHING, Accepted, accepted_after, notes_of

NO_BASE64 = Accepted(refused=frozenset({"encoding_format"}))
NO_DIMENSIONS = Accepted(refused=frozenset({"dimensions"}))


def refusal(message: str, code: str = "", param: str = "") -> UpstreamError:
    return UpstreamError(message, status=400, code=code, param=param)


@pytest.mark.parametrize(
    ("error", "learned"),
    [
        (refusal("base64 encoding is not currently supported"), NO_BASE64),
        (refusal("extra fields not permitted: ['encoding_format']"), NO_BASE64),
        (refusal("body.encoding_format: Extra inputs are not permitted"), NO_BASE64),
        (refusal("gemini does not support parameters: {'encoding_format': 'base64'}, for model=x"), NO_BASE64),
        (refusal("Invalid value for 'encoding_format' = base64. Supported values: ['float']."), NO_BASE64),
        (refusal("unsupported value", param="encoding_format"), NO_BASE64),
        (UpstreamBroken("embedding 0 of the upstream's answer is not base64", param="encoding_format"), NO_BASE64),
        (refusal("This model does not support specifying dimensions."), NO_DIMENSIONS),
        (refusal("Unrecognized request arguments supplied: dimensions, user"), NO_DIMENSIONS),
        (refusal("Unknown parameter: 'dimensions'."), NO_DIMENSIONS),
        (refusal("not here", code="unsupported_parameter", param="dimensions"), NO_DIMENSIONS),
        (
            refusal(
                'Model "bge-m3" does not support matryoshka representation, changing output dimensions will lead to '
                "poor results."
            ),
            NO_DIMENSIONS,
        ),
        (refusal("body.dimensions: Extra inputs are not permitted"), NO_DIMENSIONS),
        (refusal("extra fields not permitted: ['dimensions']"), NO_DIMENSIONS),
        (refusal("vertex_ai does not support parameters: {'dimensions': 8}, for model=x"), NO_DIMENSIONS),
        (refusal("Setting dimensions is not supported for OpenAI models before text-embedding-3"), NO_DIMENSIONS),
        (refusal('Invalid JSON payload received. Unknown name "dimensions": Cannot find field.'), NO_DIMENSIONS),
        (
            refusal(
                "body.encoding_format: Extra inputs are not permitted; body.dimensions: Extra inputs are not permitted"
            ),
            NO_BASE64 | NO_DIMENSIONS,
        ),
        (refusal("body.input: Input should be a valid list"), Accepted(list_only=True)),
        (refusal("body.input: value is not a valid list"), Accepted(list_only=True)),
    ],
)
def test_a_refusal_of_a_field_or_of_its_form_is_learned_once(error: UpstreamError, learned: Accepted) -> None:
    assert accepted_after(ANYTHING, error, ["a"]) == learned
    assert accepted_after(learned, error, ["a"]) is None


@pytest.mark.parametrize(
    "error",
    [
        refusal("Invalid value for 'dimensions' = 5000. Must be less than or equal to 3072."),
        refusal("-1 is less than the minimum of 1 - 'dimensions'", param="dimensions"),
        refusal("integer above maximum value", code="integer_above_max_value", param="dimensions"),
        refusal('Model "x" only supports [64, 128] matryoshka dimensions, use other output dimensions will lead to'),
        refusal("You are not allowed to generate embeddings from this model"),
        refusal(""),
    ],
)
def test_what_asking_in_another_way_would_not_cure_is_not_learned(error: UpstreamError) -> None:
    assert accepted_after(ANYTHING, error, ["a"]) is None
    assert accepted_after(ANYTHING, error, ["a", "b"]) is None


def test_how_much_fits_is_learned_for_the_texts_that_were_refused() -> None:
    many = refusal("total number of texts must be at most 96 - received 200")
    assert accepted_after(NO_BASE64, many, ["a"] * 200) == Accepted(inputs=96, refused=frozenset({"encoding_format"}))
    heavy = refusal("Too many tokens in batch. Max is 100 got 200")
    assert accepted_after(ANYTHING, heavy, ["a" * 9] * 20) == Accepted(characters=100)


numbers = st.integers(1, 4000)
accepted = st.builds(
    Accepted,
    numbers,
    st.none() | numbers,
    st.booleans(),
    st.frozensets(st.sampled_from(["encoding_format", "dimensions"])),
)


@given(accepted, accepted)
def test_what_two_accept_is_no_more_than_either_in_any_order(one: Accepted, other: Accepted) -> None:
    both = one | other
    assert both == (other | one) == (both | one)
    assert (one | ANYTHING).inputs == min(one.inputs, ANYTHING.inputs)
    assert both.refused == one.refused | other.refused


def test_notes_say_what_was_learned_and_nothing_that_was_known() -> None:
    after = Accepted(96, 5000, True, frozenset({"encoding_format", "dimensions"}))
    assert [str(note) for note in notes_of(ANYTHING, after)] == [
        "input converted: asked again: the upstream takes at most 96 texts at once",
        "input converted: asked again: the upstream takes at most 5000 characters at once",
        "input converted: asked again: the upstream takes lists only",
        "input converted: asked again: the upstream takes no base64",
    ]
    assert not notes_of(after, after)


def test_what_was_learned_of_a_model_adds_up_and_is_of_no_other() -> None:
    known = Learned(ANYTHING, most=MOST_MODELS, remembers=True)
    known.learn("a", NO_BASE64)
    known.learn("a", Accepted(inputs=96))
    assert known.of("a") == Accepted(inputs=96, refused=frozenset({"encoding_format"}))
    assert known.of("b") == ANYTHING


def test_where_exchanges_are_recorded_nothing_is_kept() -> None:
    known = Learned(ANYTHING, most=MOST_MODELS, remembers=False)
    known.learn("a", NO_BASE64)
    assert known.of("a") == ANYTHING


def test_of_too_many_models_the_one_that_taught_last_long_ago_is_forgotten() -> None:
    known = Learned(ANYTHING, most=MOST_MODELS, remembers=True)
    for number in range(MOST_MODELS):
        known.learn(str(number), NO_BASE64)
    known.learn("0", NO_DIMENSIONS)
    known.learn("new", NO_BASE64)
    assert known.of("1") == ANYTHING
    assert known.of("0") == NO_BASE64 | NO_DIMENSIONS
    assert known.of("new") == NO_BASE64
