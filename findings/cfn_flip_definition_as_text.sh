#!/usr/bin/env bash
# cfn-flip 1.3.0 turns a DefinitionString that is a Fn::Join into a text that holds the words Fn::Join, on the way from
# JSON to YAML; so does the to_yaml of troposphere 4.11.1, which calls it. Templates of the CDK have their definitions
# so. The stack would get that text as its definition. With clean_up the reference stays.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check cfn-flip==1.3.0 troposphere==4.11.1 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
troposphere's to_json: a reference
troposphere's to_yaml: a text with the words Fn::Join
cfn-flip's to_yaml: a text with the words Fn::Join
cfn-flip's to_yaml, cleaned: a reference
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import json

from cfn_flip import to_json, to_yaml
from troposphere import Join, Ref, Template
from troposphere.stepfunctions import StateMachine

template = Template()
template.add_resource(StateMachine("M", RoleArn="r", DefinitionString=Join("", ['{"StartAt":"', Ref("First"), '"}'])))
WRITTEN = {
    "troposphere's to_json": template.to_json(),
    "troposphere's to_yaml": to_json(template.to_yaml()),
    "cfn-flip's to_yaml": to_json(to_yaml(template.to_json())),
    "cfn-flip's to_yaml, cleaned": to_json(to_yaml(template.to_json(), clean_up=True)),
}
for name, text in WRITTEN.items():
    definition = json.loads(text)["Resources"]["M"]["Properties"]["DefinitionString"]
    is_text = isinstance(definition, str) and "Fn::Join" in definition
    print(f"{name}:", "a text with the words Fn::Join" if is_text else "a reference")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
