"""The picture of every state: every state, every arrow, whatever the names."""

import html
import re
from typing import Any

from constructs_sm import diagram

import pytest

SAGEMAKER = "arn:aws:states:::sagemaker:"
RETRY = [{"ErrorEquals": ["SageMaker.AmazonSageMakerException"]}, {"ErrorEquals": ["States.Timeout"]}]
NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"

TRAIN = {
    "Train": {
        "Type": "Task",
        "Resource": f"{SAGEMAKER}createTrainingJob.sync",
        "Retry": RETRY,
        "Next": "Train: ValidateOutput",
    },
    "Train: ValidateOutput": {
        "Type": "Choice",
        "Choices": [
            {
                "And": [
                    {"Not": {"Variable": "$.Train.TrainingJobArn", "StringEquals": ""}},
                    {"Variable": "$.Train.TrainingJobStatus", "StringEquals": "Completed"},
                ],
                "Next": "Train: Succeed",
            },
        ],
        "Default": "Train: InvalidOutput",
    },
    "Train: InvalidOutput": {"Type": "Fail", "Error": "InvalidOutput"},
    "Train: Succeed": {"Type": "Succeed"},
}

NESTED: dict[str, Any] = {
    "StartAt": "Regions given?",
    "States": {
        "Regions given?": {
            "Type": "Choice",
            "Choices": [{"Not": {"Variable": "$.regions", "IsPresent": True}, "Next": "No regions"}],
            "Default": "Each region",
        },
        "No regions": {"Type": "Fail"},
        "Each region": {
            "Type": "Map",
            "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED"}, "StartAt": "Train", "States": TRAIN},
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Tell"}],
            "Next": "Both",
        },
        "Both": {
            "Type": "Parallel",
            "Branches": [
                {"StartAt": "Left", "States": {"Left": {"Type": "Pass", "End": True}}},
                {
                    "StartAt": "Settle",
                    "States": {
                        "Settle": {"Type": "Wait", "Seconds": 600, "Next": "Items"},
                        "Items": {
                            "Type": "Map",
                            "Iterator": {"StartAt": "Item", "States": {"Item": {"Type": "Pass", "End": True}}},
                            "End": True,
                        },
                    },
                },
            ],
            "End": True,
        },
        "Tell": {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Next": "Failed"},
        "Failed": {"Type": "Fail"},
    },
}


def mermaid(definition: dict[str, Any]) -> str:
    return diagram.mermaid(definition, detail=True)


def machine(**states: Any) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


def nodes(text: str) -> list[tuple[str, list[str]]]:
    """Id and lines of each state, as a reader sees them."""
    drawn = re.findall(r'^ *(?:subgraph )?(\w+)[\[({]+"`(.+?)`"', text, re.MULTILINE | re.DOTALL)
    return [(node, [shown(line) for line in re.split(rf"\n *|{NO_BREAK_SPACE}·.", label)]) for node, label in drawn]


def shown(label: str) -> str:
    coded = re.sub(r"#([a-z]+);", r"&\1;", re.sub(r"#(\d+);", r"&#\1;", label))
    return html.unescape(coded.replace("**", "").replace(NO_BREAK_SPACE, " "))


def names(text: str) -> list[str]:
    return [lines[0] for _, lines in nodes(text)]


def arrows(text: str) -> list[tuple[str, str, str, str]]:
    name = {node: lines[0] for node, lines in nodes(text)}
    drawn = re.findall(r'^ *(\w+) (-->|-\.->)(?:\|"(.+)"\|)? (\w+)$', text, re.MULTILINE)
    return [(name[source], arrow, shown(label), name[target]) for source, arrow, label, target in drawn]


def machines(definition: dict[str, Any]) -> list[dict[str, Any]]:
    inner = [
        nested
        for state in definition["States"].values()
        for nested in [*state.get("Branches", []), state.get("ItemProcessor"), state.get("Iterator")]
        if nested
    ]
    return [definition, *(each for nested in inner for each in machines(nested))]


def label_of(rule: dict[str, Any], target: str = "Pass") -> str:
    choice = {"Type": "Choice", "Choices": [{**rule, "Next": "Target"}]}
    ((_, _, label, _),) = arrows(mermaid(machine(Choice=choice, Target={"Type": target})))
    return label


def test_job_is_drawn_as_task_decision_success_and_failure() -> None:
    assert (
        mermaid({"StartAt": "Train", "States": TRAIN})
        == """\
flowchart TB
  Train("`**Train**
    createTrainingJob.sync
    retries 2 kinds of error`"):::Task
  Train_ValidateOutput{{"`Train: ValidateOutput`"}}:::Choice
  Train_ValidateOutput ~~~ Train_ValidateOutput_counterweight[" "]:::counterweight
  Train_Succeed(["`Train: Succeed`"]):::Succeed
  Train_InvalidOutput(["`Train: InvalidOutput`"]):::Fail
  Train --> Train_ValidateOutput
  Train_ValidateOutput -->|"accepted"| Train_Succeed
  Train_ValidateOutput -->|"otherwise"| Train_InvalidOutput
  classDef Task fill:#0969da,stroke:#54aeff,color:#ffffff,font-size:14px
  classDef Choice fill:#d4a72c33,stroke:#bf8700,font-size:13px
  classDef Succeed fill:#1a7f37,stroke:#4ac26b,color:#ffffff,font-size:13px
  classDef Fail fill:#cf222e26,stroke:#cf222e,font-size:11px
  classDef counterweight fill:none,stroke:none
  linkStyle default font-size:12px
"""
    )


def test_map_and_parallel_are_drawn_around_their_states() -> None:
    each = {"Type": "Map", "ItemProcessor": machine(Item={"Type": "Pass", "End": True}), "Next": "Both sides"}
    both = {"Type": "Parallel", "Branches": [machine(Left={"Type": "Pass"}), machine(Right={"Type": "Pass"})]}

    text = mermaid({"StartAt": "Each item", "States": {"Each item": each, "Both sides": both}})

    assert (
        text.replace(NO_BREAK_SPACE, " ")
        == """\
flowchart TB
  subgraph Each_item["`**Each item** · map`"]
    direction TB
    Item["`Item`"]:::Pass
  end
  subgraph Both_sides["`**Both sides** · parallel`"]
    direction TB
    Left["`Left`"]:::Pass
    Right["`Right`"]:::Pass
  end
  Each_item --> Both_sides
  class Each_item Map
  class Both_sides Parallel
  classDef Pass fill:#80808026,stroke:#808080,font-size:13px
  classDef Map fill:#8080801a,stroke:#808080
  classDef Parallel fill:#8080801a,stroke:#808080
  linkStyle default font-size:12px
"""
    )


def test_every_state_appears_once() -> None:
    expected = [name for each in machines(NESTED) for name in each["States"]]

    assert sorted(names(mermaid(NESTED))) == sorted(expected)


def test_every_next_default_and_catch_is_an_arrow() -> None:
    expected = []
    for each in machines(NESTED):
        for name, state in each["States"].items():
            solid = [state, *state.get("Choices", []), {"Next": state.get("Default")}]
            expected += [(name, "-->", origin["Next"]) for origin in solid if origin.get("Next")]
            expected += [(name, "-.->", catcher["Next"]) for catcher in state.get("Catch", [])]

    drawn = [(source, arrow, target) for source, arrow, _, target in arrows(mermaid(NESTED))]

    assert sorted(drawn) == sorted(expected)


def test_order_of_states_in_the_definition_does_not_matter() -> None:
    shuffled = {**NESTED, "States": dict(reversed(NESTED["States"].items()))}

    assert mermaid(shuffled) == mermaid(NESTED)


def test_states_are_written_in_the_order_of_execution() -> None:
    assert names(mermaid({"StartAt": "Train", "States": dict(reversed(TRAIN.items()))})) == [
        "Train",
        "Train: ValidateOutput",
        "Train: Succeed",
        "Train: InvalidOutput",
    ]


def test_way_to_success_is_drawn_before_failures() -> None:
    assert [arrow for arrow in arrows(mermaid(NESTED)) if arrow[0] == "Regions given?"] == [
        ("Regions given?", "-->", "otherwise", "Each region"),
        ("Regions given?", "-->", "regions is not present", "No regions"),
    ]


@pytest.mark.parametrize(
    "name",
    [
        'Say "yes"',
        "[a](b) {c} (d)",
        "a|b\\c;d",
        "`tick` *bold* _it_ ~~s~~",
        "<b>x</b> & <script>",
        "#quot; #65; &lt;",
        "1. first",
        "- item",
        'style:"x"; y:"z"',
        "$$x$$ %%{init}%%",
        "https://example.com/a@b",
        "Größe: 処理 🚀",
        "end",
        "x --> y",
        "???",
    ],
)
def test_any_name_survives(name: str) -> None:
    each = {"Type": "Map", "ItemProcessor": machine(**{f"{name} too": {"Type": "Succeed"}})}

    text = mermaid(machine(**{name: {"Type": "Pass", "Next": "Each"}, "Each": each}))

    assert names(text) == [name, "Each", f"{name} too"]


@pytest.mark.parametrize("name", ["end", "subgraph", "class", "style", "default", "graph", "click", "linkStyle"])
def test_words_of_mermaid_are_no_ids(name: str) -> None:
    assert nodes(mermaid(machine(**{name: {"Type": "Pass"}}))) == [(f"{name}_2", [name])]


def test_names_that_differ_in_signs_only_keep_their_own_nodes() -> None:
    states = {"a b": {"Type": "Pass", "Next": "a-b"}, "a-b": {"Type": "Pass", "Next": "処"}, "処": {"Type": "Pass"}}

    assert [node for node, _ in nodes(mermaid(machine(**states)))] == ["a_b", "a_b_2", "state"]


def test_text_holds_no_html_for_github_to_strip() -> None:
    choice = {"Type": "Choice", "Choices": [{"Condition": "{% $x < 1 %}", "Next": "a<br/>b"}]}

    assert "<" not in mermaid(machine(**{"<b>": choice, "a<br/>b": {"Type": "Pass"}}))


@pytest.mark.parametrize(
    ("rule", "label"),
    [
        ({"Variable": "$.Train.AUC", "NumericGreaterThanEquals": 0.8}, "Train.AUC ≥ 0.8"),
        ({"Variable": "$.a", "NumericLessThanPath": "$.b"}, "a < b"),
        ({"Variable": "$.kind", "StringEquals": "spot"}, 'kind = "spot"'),
        ({"Variable": "$.kind", "StringMatches": "s*"}, 'kind matches "s*"'),
        ({"Variable": "$.ready", "BooleanEquals": True}, "ready = true"),
        ({"Variable": "$.x", "IsPresent": True}, "x is present"),
        ({"Variable": "$.x", "IsNull": False}, "x is not null"),
        ({"Not": {"Variable": "$.x", "IsPresent": True}}, "x is not present"),
        ({"Not": {"Variable": "$.x", "NumericEquals": 1}}, "x ≠ 1"),
        ({"Not": {"Variable": "$.x", "NumericGreaterThan": 1}}, "x not > 1"),
        ({"And": [{"Variable": "$.x", "IsPresent": True}, {"Variable": "$.x", "NumericLessThan": 1}]}, "x < 1"),
        ({"Condition": "{% $auc >= 0.8 %}"}, "$auc >= 0.8"),
        ({"Variable": "$.x", "NumericEquals": 1, "Comment": "good enough"}, "good enough"),
    ],
)
def test_short_rule_is_the_label_of_its_arrow(rule: dict[str, Any], label: str) -> None:
    assert label_of(rule) == label


@pytest.mark.parametrize(
    "rule",
    [
        {"Variable": "$.Train.FinalMetricDataList[0].MetricName", "StringEquals": "validation:auc"},
        {"Or": [{"Variable": "$.x", "NumericEquals": 1}, {"Variable": "$.x", "NumericEquals": 2}]},
        {"Not": {"Variable": "$.ModelArn", "StringEquals": ""}},
        {"Condition": "{% $states.input.Train.FinalMetricDataList[0].Value >= 0.8 %}"},
    ],
    ids=["long", "compound", "not empty", "long JSONata"],
)
def test_longer_rule_is_labelled_by_where_it_leads(rule: dict[str, Any]) -> None:
    assert label_of(rule) == "accepted"
    assert label_of(rule, target="Fail") == "rejected"


@pytest.mark.parametrize(
    ("errors", "label"),
    [
        (["States.ALL"], "any error"),
        (["States.TaskFailed"], "TaskFailed"),
        (["States.Timeout", "States.TaskFailed"], "Timeout or TaskFailed"),
        (["SageMaker.ResourceLimitExceededException", "States.Timeout"], "2 kinds of error"),
    ],
)
def test_dashed_arrow_names_what_is_caught(errors: list[str], label: str) -> None:
    task = {"Type": "Task", "Resource": "x", "Catch": [{"ErrorEquals": errors, "Next": "Tell"}], "End": True}

    assert arrows(mermaid(machine(Task=task, Tell={"Type": "Pass"}))) == [("Task", "-.->", label, "Tell")]


@pytest.mark.parametrize(
    ("resource", "api"),
    [
        ("arn:aws:states:::sagemaker:createTrainingJob.sync", "createTrainingJob.sync"),
        ("arn:${AWS::Partition}:states:::sagemaker:createModel", "createModel"),
        ("arn:aws:states:::aws-sdk:sagemaker:describeEndpoint", "describeEndpoint"),
        ("arn:aws:states:::sns:publish", "sns:publish"),
        ("arn:aws:lambda:eu-west-1:123456789012:function:tell", "function:tell"),
        ("${Tell.Arn}", "${Tell.Arn}"),
    ],
)
def test_task_shows_what_it_calls(resource: str, api: str) -> None:
    assert nodes(mermaid(machine(Task={"Type": "Task", "Resource": resource}))) == [("Task", ["Task", api])]


@pytest.mark.parametrize(
    ("retry", "notes"),
    [
        ([{"ErrorEquals": ["States.Timeout"]}], ["retries 1 kind of error"]),
        ([{"ErrorEquals": ["A", "B"]}, {"ErrorEquals": ["B", "C"]}], ["retries 3 kinds of error"]),
        ([{"ErrorEquals": ["A"], "MaxAttempts": 0}, {"ErrorEquals": ["States.ALL"]}], ["retries any error"]),
        ([{"ErrorEquals": ["A"], "MaxAttempts": 0}], []),
    ],
)
def test_task_shows_how_many_kinds_of_error_it_retries(retry: list[dict[str, Any]], notes: list[str]) -> None:
    ((_, lines),) = nodes(mermaid(machine(Task={"Type": "Task", "Resource": "api", "Retry": retry})))

    assert lines == ["Task", "api", *notes]


def test_wait_and_distributed_map_say_so() -> None:
    shown_lines = dict(nodes(mermaid(NESTED)))

    assert shown_lines["Settle"] == ["Settle", "waits 600 s"]
    assert shown_lines["Each_region"] == ["Each region", "distributed map"]


def test_subgraphs_get_their_class_after_the_last_arrow() -> None:
    lines = mermaid(NESTED).splitlines()
    classes = [number for number, line in enumerate(lines) if line.startswith("  class ")]

    assert len(classes) == 3
    assert min(classes) > max(number for number, line in enumerate(lines) if "->" in line)


def test_fork_without_failure_needs_no_counterweight() -> None:
    choice = {"Type": "Choice", "Choices": [{"Condition": "{% $x %}", "Next": "A"}], "Default": "B"}

    assert "~~~" not in mermaid(machine(Fork=choice, A={"Type": "Succeed"}, B={"Type": "Succeed"}))
