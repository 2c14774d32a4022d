"""Write `addon/openai_models.json` from an extract of litellm's model map.

    python -m scripts.make_catalogue EXTRACT.json

The extract is a JSON object: `source` (where the facts come from), `models` (objects with `id`, `capabilities`,
`context_length`, and where known `max_input`, `max_output`, `embedding_length`) and `not_servable` (ids).
"""

import argparse
import json
from pathlib import Path
from typing import Any

CATALOGUE = Path(__file__).resolve().parent.parent / "addon" / "openai_models.json"

NOTICE = [
    "The facts in this file are taken from litellm, which is distributed under this licence:",
    "",
    "MIT License",
    "",
    "Copyright (c) 2023 Berri AI",
    "",
    "Permission is hereby granted, free of charge, to any person obtaining a copy",
    'of this software and associated documentation files (the "Software"), to deal',
    "in the Software without restriction, including without limitation the rights",
    "to use, copy, modify, merge, publish, distribute, sublicense, and/or sell",
    "copies of the Software, and to permit persons to whom the Software is",
    "furnished to do so, subject to the following conditions:",
    "",
    "The above copyright notice and this permission notice shall be included in all",
    "copies or substantial portions of the Software.",
    "",
    'THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR',
    "IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,",
    "FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE",
    "AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER",
    "LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,",
    "OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE",
    "SOFTWARE.",
]


def catalogue_of(extract: dict[str, Any]) -> dict[str, Any]:
    """The facts that the proxy needs.

    Fine-tunes (`ft:BASE`) are left out: their base is better known. `context_length` is the longest prompt where
    that is less than prompt and answer together, because a client that fills the whole window is refused.
    """
    models = {}
    for row in sorted(extract["models"], key=lambda row: str(row["id"])):
        if not row["id"].startswith("ft:"):
            facts = {"context_length": row.get("max_input", row["context_length"]), "capabilities": row["capabilities"]}
            optional = {key: row[key] for key in ("max_output", "embedding_length") if key in row}
            models[row["id"]] = facts | optional
    return {"source": extract["source"], "hidden": sorted(extract["not_servable"]), "models": models}


def text_of(catalogue: dict[str, Any]) -> str:
    """The file's text, one line for each model."""
    head = json.dumps({"made_by": "scripts/make_catalogue.py", "notice": NOTICE} | catalogue | {"models": 0}, indent=1)
    rows = ",\n".join(f"  {json.dumps(name)}: {json.dumps(facts)}" for name, facts in catalogue["models"].items())
    return head.removesuffix("0\n}") + "{\n" + rows + "\n }\n}\n"


def main() -> None:
    """Read the extract and write the catalogue."""
    parser = argparse.ArgumentParser(
        description="Write addon/openai_models.json from an extract of litellm's model map."
    )
    parser.add_argument("extract", type=Path, help="the extract, a JSON file")
    parser.add_argument("--output", type=Path, default=CATALOGUE, help="what to write (default: %(default)s)")
    arguments = parser.parse_args()
    catalogue = catalogue_of(json.loads(arguments.extract.read_text("utf-8")))
    arguments.output.write_text(text_of(catalogue), "utf-8", newline="\n")
    print(f"{len(catalogue['models'])} models written to {arguments.output}")


if __name__ == "__main__":
    main()
