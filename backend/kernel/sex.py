"""A child's sex, as registered. Apart from the models: growth needs no database."""

from enum import StrEnum


class Sex(StrEnum):
    MALE = "m"
    FEMALE = "f"
