"""Public methods with hostile arguments: refused in words, with the tree as it was, and right ones still work."""

from __future__ import annotations

from constructs_sm import InvalidInputError, PipelineStack, TrainingJob

from aws_cdk import App, Duration
from aws_cdk import aws_stepfunctions as sfn
from every_action import REQUESTS
from hostile import JUNK, NO_JSON, tried
from hypothesis import strategies as st

VALUES = [*JUNK, *NO_JSON, Duration.seconds(5), Duration.millis(5), ["x"], sfn.JsonPath.DISCARD]
CALLS = {
    "stack.run": ("definition",),
    "stack.data": ("prefix",),
    "stack.input": ("name",),
    "stack.pipeline.start_on_schedule": ("schedule", "inputs"),
    "stack.pipeline.start_on_arrival": ("data", "inputs"),
    "job.next": ("next",),
    "job.add_catch": ("handler", "errors", "result_path"),
    "job.add_retry": ("policy", "errors", "interval", "max_attempts", "backoff_rate"),
    "job.add_override": ("path", "value"),
    "job.add_parameter_override": ("path", "value"),
    "job.add_deletion_override": ("path",),
    "job.output_field": ("path",),
}


@st.composite
def calls(draw):
    name = draw(st.sampled_from(sorted(CALLS)))
    first, *others = CALLS[name]
    chosen = draw(st.lists(st.sampled_from(others), unique=True, max_size=2)) if others else []
    needed = ["value"] if "value" in others else []
    return name, {argument: draw(st.sampled_from(VALUES)) for argument in dict.fromkeys([first, *chosen, *needed])}


def call(drawn):
    name, arguments = drawn
    stack = PipelineStack(App(), "Stack")
    job = TrainingJob(stack, "Job", parameters=REQUESTS["createTrainingJob"])
    subject, _, path = name.partition(".")
    method = {"stack": stack, "job": job}[subject]
    for attribute in path.split("."):
        method = getattr(method, attribute)
    before = [child.node.path for child in stack.node.find_all()]
    try:
        method(**arguments)
    except InvalidInputError as error:
        assert " at 0x" not in str(error)  # noqa: PT017  (it may also be taken)
        assert [child.node.path for child in stack.node.find_all()] == before
        stack.run(job)


def test_hostile_argument_of_a_method_is_refused_in_words_and_leaves_nothing():
    tried(60, calls(), call)
