"""`python -m backend timeline …`: the plan of a child, or what a new schedule changes in it."""

import json
import sys
from datetime import date
from pathlib import Path

import click

from backend.cli.content_commands import content_folder
from backend.cli.starting import refuse

WRONG_INPUT = 2


@click.command(short_help="What is due for a child, and what is told.")
@click.option("--birth", required=True, metavar="DATE", help="Day of birth, as 2026-11-23.")
@click.option("--json", "as_json", is_flag=True, help="For a program.")
@click.option(
    "--compare",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Another content folder: print only what it would tell otherwise.",
)
@content_folder
def timeline(birth: str, as_json: bool, compare: Path | None, content_root: Path) -> None:
    """Everything that is due from birth to six, and on which days its family is told."""
    from backend.cli.timeline import as_data, as_lines, differences
    from backend.facts.errors import ContentError
    from backend.handbook.schedule import load_schedule
    from backend.handbook.source import HandbookError

    try:
        born = date.fromisoformat(birth)
    except ValueError:
        click.echo(f"--birth: 不是日期：{birth}，请写成 2026-11-23", err=True)
        sys.exit(WRONG_INPUT)
    try:
        schedule = load_schedule(content_root)
        candidate = load_schedule(compare) if compare else None
    except (HandbookError, ContentError) as error:
        refuse(str(error))
    if candidate is not None:
        lines = differences(schedule, candidate, born) or ["没有不同"]
    elif as_json:
        lines = [json.dumps(as_data(schedule, born), ensure_ascii=False, indent=2)]
    else:
        lines = as_lines(schedule, born)
    click.echo("\n".join(lines))
