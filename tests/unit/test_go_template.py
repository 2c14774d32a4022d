"""Templates of generate requests; the expected texts are those of Go 1.26's `text/template`."""

import pytest

from translators.errors import OllamaError
from translators.go_template import parse_template

VALUES = {".Prompt": "P", ".System": "S"}


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("Q: {{ .Prompt }} A:", "Q: P A:"),
        ("{{.System}}\n{{.Prompt}}", "S\nP"),
        ("a {{- .Prompt -}} b", "aPb"),
        ("{{/* why */}}a{{- /* why */ -}} b", "ab"),
        ("{{ if .System }}{{ .System }}: {{ end }}{{ .Prompt }}", "S: P"),
        ("{{ if .Suffix }}x{{ else }}y{{ end }}", "y"),
        ("{{ if .Suffix }}x{{ else if .Prompt }}y{{ else }}z{{ end }}!", "y!"),
        ("{{ if .System }}{{ if .Suffix }}x{{ end }}y{{ end }}z", "yz"),
        ("{{ .Prompt }}{{ .Response }}", "P"),
        ("no place for it", "no place for it"),
        ("}} { {", "}} { {"),
    ],
)
def test_plain_templates_say_what_go_says(template: str, says: str) -> None:
    assert parse_template(template).render(VALUES) == says


@pytest.mark.parametrize(
    "template",
    [
        "{{ range .Messages }}{{ .Role }}{{ end }}",
        "{{ .Prompt | json }}",
        '{{ if eq .Role "user" }}{{ .Prompt }}{{ end }}',
        "{{ with .System }}{{ . }}{{ end }}",
        '{{ "a}}b" }}',
        "{{ $x := .Prompt }}{{ $x }}",
        "{{ currentDate }}",
    ],
)
def test_what_only_an_engine_can_do_is_not_said_at_all(template: str) -> None:
    assert parse_template(template).render(VALUES) is None


@pytest.mark.parametrize(
    "template",
    [
        "<|im_start|>user\n{{ .Prompt }}<|im_end|>",
        "[INST] {{ .Prompt }} [/INST]",
        "<<SYS>>{{ .System }}<</SYS>>{{ .Prompt }}",
        "<start_of_turn>user\n{{ .Prompt }}<end_of_turn>",
        "<\uff5cUser\uff5c>{{ .Prompt }}",
        "<s>{{ .Prompt }}</s>",
    ],
)
def test_control_tokens_of_another_model_are_not_said(template: str) -> None:
    assert parse_template(template).render(VALUES) is None


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{{ .Foo", "template: :1: unclosed action"),
        ("{{ foo .Prompt }}", 'template: :1: function "foo" not defined'),
        ("a\nb {{ foo }}", 'template: :2: function "foo" not defined'),
        ("{{ if .System }}x", "template: :1: unexpected EOF"),
        ("{{ if .System }}\nx\n", "template: :3: unexpected EOF"),
        ("x{{ end }}", "template: :1: unexpected {{end}}"),
        ("x{{ else }}y", "template: :1: unexpected {{else}}"),
        ("{{ if .System }}x{{ end }}{{ end }}", "template: :1: unexpected {{end}}"),
        ("{{ if .System }}x{{ else }}y", "template: :1: unexpected EOF"),
        ("{{}}", "template: :1: missing value for command"),
    ],
)
def test_what_go_cannot_parse_is_refused_in_its_words(template: str, problem: str) -> None:
    with pytest.raises(OllamaError) as refused:
        parse_template(template)
    assert (refused.value.status, refused.value.message) == (500, problem)


def test_blocks_in_blocks_without_end_are_left_to_an_engine() -> None:
    assert parse_template("{{if .Prompt}}" * 99 + "x" + "{{end}}" * 99).render(VALUES) == "x"
    assert parse_template("{{if .Prompt}}" * 5000 + "x" + "{{end}}" * 5000).render(VALUES) is None
    chain = "{{if .Suffix}}" + "{{else if .Suffix}}" * 5000 + "{{else}}x{{end}}"
    assert parse_template(chain).render(VALUES) is None


def test_a_long_action_that_never_ends_is_refused_at_once() -> None:
    with pytest.raises(OllamaError, match="unclosed action"):
        parse_template("{{ " + '"a' * 20_001)


@pytest.mark.parametrize(("template", "uses"), [("{{ .Prompt }}", False), ("{{ if .System }}{{ end }}", True)])
def test_a_template_tells_whether_the_system_text_has_a_place_in_it(template: str, uses: bool) -> None:
    assert parse_template(template).uses_system is uses
