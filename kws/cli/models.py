"""`kws models`: what is installed."""

import json
from typing import Annotated

import typer

from kws.cli.talk import say
from kws.errors import ModelError


def models(
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object per model and line.")
    ] = False,
) -> None:
    """List the installed models with their words.

    A model is named with `--model`: by the name shown here, or by its folder.

    Examples:

        kws models

        kws models --json | jq .words
    """
    from kws.cli.output import write_line
    from kws.spotting.model import DEFAULT_MODEL, installed_models, load_model

    failures = []
    for folder in installed_models():
        try:
            model = load_model(folder)
        except ModelError as error:
            say(str(error))
            failures.append(error)
            continue
        if as_json:
            entry = {
                "name": folder.name,
                "path": str(folder),
                "words": model.words,
                "description": model.spec.description,
                "licence": model.spec.licence,
                "sha256": model.sha256,
            }
            write_line(json.dumps(entry))
        else:
            default = " (default)" if folder.name == DEFAULT_MODEL else ""
            write_line(f"{folder.name}{default}: {' '.join(model.words)}")
            write_line(f"    {folder}")
    if failures:
        raise typer.Exit(failures[0].exit_code)
