"""The commands of `python -m backend`. Each imports what it needs when it runs."""

import os
import sys
import tempfile
from pathlib import Path

import click

from backend.cli.content_commands import content, content_folder
from backend.cli.staff_commands import staff
from backend.cli.starting import process_settings, refuse
from backend.cli.timeline_command import timeline
from backend.cli.vaccine_commands import vaccines

ROOT = Path(__file__).parents[2]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """澄育 / Chengyu. Settings come from the environment; docs/operations.md lists them."""


@main.command(short_help="All of it on this machine, for a demo.")
@click.option(
    "--var",
    type=click.Path(path_type=Path),
    default=ROOT / "var",
    help="Folder for everything that is written.",
)
@click.option("--with-parent", is_flag=True, help="Stop when the process that started it ends.")
def run(var: Path, with_parent: bool) -> None:
    """Start the whole house on this machine; PORT chooses the port (8000)."""
    from backend.cli.run import CannotRun
    from backend.cli.run import run as run_house

    try:
        run_house(var.resolve(), with_parent=with_parent)
    except CannotRun as error:
        refuse(str(error))


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--workers", default=2, show_default=True, help="Processes.")
@click.option("--threads", default=4, show_default=True, help="Threads in each process.")
def web(host: str, workers: int, threads: int) -> None:
    """Answer HTTP on BACKEND_PORT."""
    settings = process_settings()
    with tempfile.TemporaryDirectory(prefix="chengyu-metrics-") as counted:
        if settings.metrics_port is not None:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = counted  # before any process counts
        _serve(settings.port, host, workers, threads)


def _serve(port: int, host: str, workers: int, threads: int) -> None:
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    Server(
        "backend.cli.wsgi:make_app",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=5,
        log_level=LogLevels.warning,
    ).serve()


@main.command(short_help="Hand tasks to the engine by the clock.")
def scheduler() -> None:
    """Hand tasks to the engine when their time comes. Several may run; one fires."""
    settings = process_settings()
    from backend.jobs.scheduler import run_scheduler

    run_scheduler(settings)


@main.command()
def worker() -> None:
    """Execute tasks. Any number may run, on any number of machines."""
    settings = process_settings()
    from backend.deps import build
    from backend.jobs.worker import run_worker

    run_worker(build(settings))


@main.command("wechat-sandbox", short_help="Stand in for WeChat, for a demo.")
@click.option(
    "--var", type=click.Path(path_type=Path), default=ROOT / "var", help="Folder of its memory."
)
def wechat_sandbox(var: Path) -> None:
    """Stand in for WeChat on the port of BACKEND_SANDBOX_URL. Refused in production."""
    settings = process_settings()
    from backend.cli.sandbox import serve_sandbox
    from backend.sandbox.config import SandboxRefused

    try:
        serve_sandbox(settings, var.resolve())
    except SandboxRefused as error:
        refuse(str(error))


@main.group()
def db() -> None:
    """The database's schema."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the database to the newest migration."""
    from backend.kernel import schema

    schema.upgrade(process_settings().database_url)


@db.command("check")
def db_check() -> None:
    """Succeed only if the database stands at the newest migration."""
    from backend.kernel import schema
    from backend.kernel.db import make_engine

    engine = make_engine(process_settings().database_url, pool_size=1)
    current, newest = schema.current_revision(engine), schema.newest_revision()
    engine.dispose()
    click.echo(f"database {current}, newest {newest}")
    sys.exit(0 if current == newest else 1)


@main.group(short_help="After a restore from a backup: two steps.")
def restore() -> None:
    """The steps before a house that was restored from a backup sends again."""


@restore.command("hold", short_help="Before any process starts: send nothing.")
def restore_hold() -> None:
    """Before any process starts: pause what would go out by itself."""
    from backend.cli.restore import hold

    held = hold(process_settings())
    click.echo(
        f"paused {held.accounts} accounts and {held.campaigns} campaigns,"
        f" cancelled {held.publications} publications"
    )


@restore.command("settle", short_help="When late tasks have run: send again.")
def restore_settle() -> None:
    """When the late tasks have run: list what is due as unknown, and send again."""
    from backend.cli.restore import NotPlanned, settle
    from backend.outbox.restored import NotHeld

    try:
        click.echo(f"{settle(process_settings())} messages may have gone out; sending goes on")
    except NotHeld:
        refuse("nothing is held: run `python -m backend restore hold` first")
    except NotPlanned:
        refuse("today's reminders are not planned yet: let a scheduler and a worker run a moment")


@main.command(short_help="Rewrite the sentences of the mini-program.")
@click.option("--check", "only_check", is_flag=True, help="Write nothing; fail on a difference.")
def wording(only_check: bool) -> None:
    """Bring the mini-program's sentences up to content/wording/errors.yaml."""
    from backend.cli.wording import WrongWording, write

    source = ROOT / "content" / "wording" / "errors.yaml"
    target = ROOT / "miniprogram" / "app" / "utils" / "messages.generated.ts"
    try:
        same = write(source, target, only_check=only_check)
    except WrongWording as error:
        refuse(str(error))
    if only_check and not same:
        refuse("messages.generated.ts is not up to date: python -m backend wording")


@main.command(short_help="Score measurements from stdin (CSV).")
@click.option(
    "--standard", type=click.Choice(["wst423", "who"]), default="wst423", show_default=True
)
@content_folder
def growth(standard: str, content_root: Path) -> None:
    """Read measurements as CSV on stdin, write them with z and label.

    Columns: indicator, sex, age_days, measured_lying_or_standing, weight_kg, lenhei_cm, head_cm.
    """
    from backend.cli.growth import CannotScore, score_table
    from backend.handbook.growth.standards import StandardName

    streams = sys.stdin.buffer, sys.stdout.buffer
    try:
        score_table(content_root, StandardName(standard), *streams)
    except CannotScore as error:
        refuse(str(error), code=2)


@main.command(short_help="Which processes live, and where.")
def health() -> None:
    """Say which of database, worker and scheduler live, and on which machines."""
    from backend.pages.health import health as ask

    settings = process_settings()
    found = ask(settings.database_url, settings.worker_stalled_seconds)
    click.echo(f"down: {', '.join(found.down)}" if found.down else "ok")
    for process in found.alive:
        click.echo(f"  {process.name}")
    sys.exit(1 if found.down else 0)


main.add_command(content)
main.add_command(staff)
main.add_command(timeline)
main.add_command(vaccines)
