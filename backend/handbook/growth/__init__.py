"""Growth beside a standard: WS/T 423—2022 or WHO 2006. Pure; tables come from content/growth.

`standards` reads the tables, `scores` is the arithmetic, `assessment` what a family is shown,
`changes` what happened between two measurements, `rows` the batch.
"""
