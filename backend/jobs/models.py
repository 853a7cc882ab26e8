"""What the clock has started, and which process still lives."""

from datetime import datetime

from sqlalchemy import BigInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base


class TaskRun(Base):
    """A task at its nominal time. Written in the transaction of the work: twice is once."""

    __tablename__ = "task_runs"

    task: Mapped[str] = mapped_column(Text, primary_key=True)
    nominal_at: Mapped[datetime] = mapped_column(primary_key=True)
    finished_at: Mapped[datetime]


class Heartbeat(Base):
    """A process that says it lives. Measured on the database's own clock (liveness only)."""

    __tablename__ = "heartbeats"

    process: Mapped[str] = mapped_column(
        Text, primary_key=True
    )  # "scheduler" leads; "worker:<host>:<pid>"
    beat_at: Mapped[datetime]
    pid: Mapped[int] = mapped_column(BigInteger)
