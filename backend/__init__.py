"""澄育 (Chengyu): parenting guidance for every family of a city, in WeChat."""

__version__ = "0.1.0"
