#!/usr/bin/env bash
# sagemaker-inference 1.10.1 decodes one row of three numbers and three rows of one number to the same array of three.
# A transform job that sends one record at a time gives the model other shapes than one that sends several. Rows of
# texts and numbers become records, and a comma within quotation marks is refused, while the encoder writes none.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check sagemaker-inference==1.10.1 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
one row of three: (3,)
three rows of one: (3,)
two rows of three: (2, 3)
one number: ()
two rows of a text and a number: (2,)
a comma in quotation marks: ValueError
written: a,b,c
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import numpy
from sagemaker_inference import decoder, encoder

REQUESTS = {
    "one row of three": "1,2,3\n",
    "three rows of one": "1\n2\n3\n",
    "two rows of three": "1,2,3\n4,5,6\n",
    "one number": "5\n",
    "two rows of a text and a number": "red,1\nblue,2\n",
    "a comma in quotation marks": '3,4\n"red, light",1\n',
}
for name, request in REQUESTS.items():
    try:
        print(f"{name}: {decoder.decode(request, 'text/csv').shape}")
    except Exception as error:
        print(f"{name}: {type(error).__name__}")
print("written:", encoder.encode(numpy.array([["a,b", "c"]]), "text/csv").strip())
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
