"""What every command begins with: settings that are whole, or a sentence and the exit code 1."""

import sys
from typing import Never

import click

from backend.cli import lifeline
from backend.config import Settings, WrongSettings, load_settings
from backend.kernel import logs


def process_settings() -> Settings:
    """The settings of a process, which from now on logs, and ends with its supervisor."""
    settings = settings_or_refuse()
    lifeline.hold()
    logs.configure()
    return settings


def settings_or_refuse() -> Settings:
    try:
        return load_settings()
    except WrongSettings as error:
        refuse(str(error))


def refuse(text: str, *, code: int = 1) -> Never:
    click.echo(text, err=True)
    sys.exit(code)
