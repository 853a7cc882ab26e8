"""Where in a YAML text a value stands: refusals of content name file and line."""

from typing import Any

import yaml


def line_of(text: str, path: tuple[int | str, ...]) -> int:
    """Line (from 1) on which the YAML value at `path` begins, or that of its nearest parent."""
    node: Any = yaml.compose(text, Loader=yaml.CSafeLoader)
    line = 1
    for part in path:
        child = _child(node, part)
        if child is None:
            break
        node = child
        line = node.start_mark.line + 1
    return line


def _child(node: Any, part: int | str) -> Any:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == str(part)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part]
    return None
