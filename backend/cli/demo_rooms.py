"""Invented nursing rooms for a demonstration: one fresh, one plain, one old, one elsewhere."""

from datetime import timedelta

from sqlalchemy.orm import Session

from backend.centres.nursing_rooms import RoomEntry
from backend.centres.room_keeping import add_room
from backend.deps import Deps
from backend.kernel.clock import city_date

ACTOR = "system"
PHONE = "0510-00000000"  # nobody's
ROOMS = (  # (town, name, address, spot, hours, facilities, days since somebody looked)
    (
        "320281001",
        "演示商场",
        "澄江街道演示路8号",
        "三楼东侧，电梯旁",
        "每天 10:00–21:30",
        ("chair", "screen", "changing_table", "basin", "socket", "warmer", "wheelchair"),
        9,
    ),
    (
        "320281001",
        "演示图书馆",
        "澄江街道演示路20号",
        "一楼亲子阅览区里面",
        "周二至周日 9:00–20:30",
        ("chair", "screen", "changing_table", "water"),
        40,
    ),
    (
        "320281001",
        "演示长途汽车站",
        "澄江街道演示大道1号",
        "候车厅，2号检票口对面",
        "每天 6:00–19:00",
        ("chair", "changing_table", "basin"),
        230,
    ),
    (
        "320281103",
        "演示医院门诊楼",
        "青阳镇演示街3号",
        "二楼儿科候诊区",
        "周一至周五 8:00–17:00",
        ("chair", "screen", "changing_table", "basin", "cot", "fridge", "wheelchair"),
        3,
    ),
)


def add_rooms(session: Session, parts: Deps) -> None:
    today = city_date(parts.clock.now())
    for town, name, address, spot, hours, facilities, days in ROOMS:
        entry = RoomEntry(
            town_code=town,
            name=name,
            address=address,
            spot=spot,
            opening_hours=hours,
            facilities=facilities,
            phone_public=PHONE,
            checked_on=today - timedelta(days=days),
        )
        add_room(session, parts.clock, entry, actor=ACTOR)
