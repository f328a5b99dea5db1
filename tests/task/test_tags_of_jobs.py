"""Tags that reach the jobs: of the constructs around them, as the CDK gives them to a resource in the same place."""

from __future__ import annotations

import json

from constructs_sm import (
    CreateModel,
    PipelineStack,
    PolledJob,
    TrainingJob,
    TuningJob,
    UpdateEndpoint,
    polled_actions,
)
from constructs_sm.language.definition_text import DefinitionText
from constructs_sm.values.ranges import ContinuousParameterRange  # placeholder

import pytest
