#!/usr/bin/env bash
# cfn-flip 1.3.0 turns a DefinitionString that is a Fn::Join into a text that holds the words Fn::Join, on the way from
# JSON to YAML. Templates of the CDK have their definitions so. The stack would get that text as its definition; with
# --clean the reference stays.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check cfn-flip==1.3.0 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
DefinitionString: str with Fn::Join in it
Name: dict
cleaned DefinitionString: dict
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import json

from cfn_flip import to_json, to_yaml

PROPERTIES = {
    "DefinitionString": {"Fn::Join": ["", ['{"StartAt":"', {"Ref": "First"}, '"}']]},
    "StateMachineName": {"Fn::Join": ["", ["train-", {"Ref": "AWS::Region"}]]},
}
template = json.dumps({"Resources": {"M": {"Type": "AWS::StepFunctions::StateMachine", "Properties": PROPERTIES}}})


def there_and_back(**options: bool) -> dict:
    return json.loads(to_json(to_yaml(template, **options)))["Resources"]["M"]["Properties"]


seen = there_and_back()
definition = seen["DefinitionString"]
print("DefinitionString:", type(definition).__name__, "with Fn::Join in it" if "Fn::Join" in definition else "")
print("Name:", type(seen["StateMachineName"]).__name__)
print("cleaned DefinitionString:", type(there_and_back(clean_up=True)["DefinitionString"]).__name__)
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
