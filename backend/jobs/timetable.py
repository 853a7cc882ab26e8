"""What runs when: every task, and the nominal times of those that have one."""

from datetime import datetime, timedelta

from apscheduler.triggers.cron import CronTrigger

from backend.kernel.clock import CITY

# Wake-ups without a nominal time: the task asks the database what is due. Seconds between two.
WAKE_UPS = {
    "deliver": 1,
    "handle_events": 1,
    "identify_followers": 5,
    "compare_followers": 10,  # new accounts at once, all of them each night
    "ask_new_accounts": 20,
    "offer_places": 1,  # a freed place is offered within five seconds
    "expire_offers": 2,
    "release_unconfirmed": 60,
    "check_ratings": 30,
    "run_publications": 2,  # each step of what a 公众号 publishes
    "run_campaigns": 2,  # a batch of families each time, and not more than the outbox can take
    "drop_photos": 60,  # of diary entries that were removed, replaced or deleted with their child
    "plan_today": 20,  # a child that was registered a moment ago has reminders today too
}

# City time. Each is a row in task_runs per nominal time, so twice is once.
NOMINAL = {
    "plan_handbook": CronTrigger(hour=1, minute=0, timezone=CITY),
    "draw_up_statements": CronTrigger(day=1, hour=2, minute=30, timezone=CITY),
    "purge": CronTrigger(hour=3, minute=10, timezone=CITY),
    "sweep_photos": CronTrigger(hour=3, minute=40, timezone=CITY),
    "check_counters": CronTrigger(hour=4, minute=10, timezone=CITY),
    "ask_accounts": CronTrigger(hour=5, minute=10, timezone=CITY),
}
MONTHLY = {"draw_up_statements"}


def longest_gap(task: str) -> timedelta:
    """Between two nominal times of a task; asked each second, so no longer than it must be."""
    return timedelta(days=31 if task in MONTHLY else 1)


def latest_nominal(task: str, now: datetime) -> datetime:
    """The last nominal time of a task that is not after `now`."""
    trigger = NOMINAL[task]
    latest: datetime | None = None
    candidate = trigger.get_next_fire_time(None, now - longest_gap(task))
    while candidate is not None and candidate <= now:
        latest = candidate
        candidate = trigger.get_next_fire_time(candidate, candidate)
    assert latest is not None, f"{task} has no nominal time within {longest_gap(task)}"
    return latest
