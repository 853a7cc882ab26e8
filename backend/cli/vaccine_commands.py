"""`python -m backend vaccines …`: which dose is next, from the command line."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from backend.cli.starting import refuse

CONTENT = Path(__file__).parents[2] / "content"
WRONG_INPUT = 2


@click.command(short_help="What the programme says of each dose.")
@click.option("--birth", metavar="DATE", help="Day of birth, as 2026-11-23.")
@click.option("--on", metavar="DATE", help="The day for which it is asked.")
@click.option("--sex", metavar="m|f", help="The HPV vaccine is listed for girls.")
@click.option("--given", metavar="DOSE:DATE", multiple=True, help="A dose that was given; repeat.")
@click.option("--immunoglobulin", metavar="DATE", help="When immunoglobulin was given.")
@click.option("--mother-hbsag", metavar="positive|negative|unknown", help="Hepatitis B antigen.")
@click.option("--birth-weight", metavar="GRAMS", help="Matters below 2000 g.")
@click.option("--had-varicella", is_flag=True, help="The child has had chickenpox.")
@click.option("--json", "as_json", is_flag=True, help="For a program.")
def vaccines(as_json: bool, **typed: Any) -> None:
    """What the vaccination programme says of each dose for one child on one day."""
    from backend.cli.vaccines import Typed, as_data, as_lines, understood
    from backend.handbook.source import HandbookError
    from backend.handbook.vaccines import WrongFacts, forecast, load_programme

    try:
        programme = load_programme(CONTENT)
        facts, on = understood(Typed(**typed))
        answers = forecast(programme, facts, on)
    except HandbookError as error:
        refuse(str(error))
    except WrongFacts as error:
        click.echo(str(error), err=True)
        sys.exit(WRONG_INPUT)
    if as_json:
        answer = {"version": programme.version, "doses": [as_data(dose) for dose in answers]}
        click.echo(json.dumps(answer, ensure_ascii=False, indent=2))
        return
    for line in as_lines(answers, programme.version, programme.file.disclaimer):
        click.echo(line)
