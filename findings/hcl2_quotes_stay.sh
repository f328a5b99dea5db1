#!/usr/bin/env bash
# python-hcl2 8.1.4 leaves the quotation marks in the text of every string, and the marker in that of a heredoc: a state
# machine's definition read from Terraform does not parse as JSON until both are taken away.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check python-hcl2==8.1.4 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
name: "churn"
definition: "<<EOF {"StartAt": "A"} EOF"
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import hcl2

TEXT = """resource "aws_sfn_state_machine" "m" {
  name       = "churn"
  definition = <<EOF
{"StartAt": "A"}
EOF
}
"""
(resource,) = hcl2.loads(TEXT)["resource"]
((machines,),) = [list(resource.values())]
(machine,) = machines.values()
print("name:", machine["name"])
print("definition:", " ".join(machine["definition"].split()))
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
