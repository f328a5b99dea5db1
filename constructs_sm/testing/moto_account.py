"""moto's AWS account, opened at once."""

from __future__ import annotations

from typing import Any
from unittest import mock

from constructs_sm.testing.moto_names import MockAWS, account, responses_mock

_answers: list[Any] = []
"""What moto gives to the HTTP client requests: over a thousand objects, the same each time."""


class Account(MockAWS):
    """An empty account for the duration of a ``with`` block: `mock_aws`, but its answers are made once."""

    def _enable_patching(self, reset: bool = True) -> None:
        if not _answers:
            super()._enable_patching(reset)
            _answers.extend(responses_mock.registered())
            return
        with mock.patch.object(account, "RESPONSES_METHODS", ()):
            super()._enable_patching(reset)
        for answer in _answers:
            responses_mock.add(answer)
