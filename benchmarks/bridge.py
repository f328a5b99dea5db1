"""Counts messages over the jsii bridge: what Python sends to Node, answers to its callbacks included."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

# jsii offers no hook. This is the one way by which a message leaves Python.
from jsii._kernel.providers.process import _NodeProcess

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(slots=True)
class Messages:
    """Number of those that there have been."""

    count: int = 0


@contextmanager
def counted() -> Iterator[Messages]:
    """Count messages for as long as the context is open."""
    messages, send = Messages(), _NodeProcess.send

    def counting(*arguments: Any) -> Any:
        messages.count += 1
        return send(*arguments)

    with patch.object(_NodeProcess, "send", counting):
        yield messages
