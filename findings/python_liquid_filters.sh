#!/usr/bin/env bash
# python-liquid 2.3.6 cannot render a labeling template as it is: it raises on grant_read_access, and on json, a filter
# that Liquid for JavaScript has. Without a filter a list of labels comes out as its items run together. Add filters to
# the environment first.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check python-liquid==2.3.6 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
grant_read_access: UnknownFilterError
json: UnknownFilterError
no filter: ab
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
from liquid import Environment

for name, template in {"grant_read_access": "{{ x | grant_read_access }}", "json": "{{ x | json }}", "no filter": "{{ x }}"}.items():
    try:
        print(f"{name}: {Environment().from_string(template).render(x=['a', 'b'])}")
    except Exception as error:
        print(f"{name}: {type(error).__name__}")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
