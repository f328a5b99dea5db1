"""Texts of people's own that a rule, a pattern or a prefix could take for something else: seeded, in families."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_WORDS = (
    *("debugger", "spot", "cpu", "gpu", "secret", "State", "States", "sync", "Token", "TaskToken", "waitForTaskToken"),
    *(
        "input",
        "result",
        "context",
        "Execution",
        "arn",
        "none",
        "true",
        "null",
        "sagemaker",
        "clarify",
        "monitor",
        "s3",
    ),
)
_NUMBERS = (
    *("1e300", "007", "NaN", "inf", "-inf", "Infinity", "null", "true", "None", "0", "-0", "1e-5", "0x1F", "1_000"),
    *("1,5", "9007199254740993", "1e28", "1e+28", "1.5e281", "1e+285", "3E289", "-1.888e+28", "123456789012", "1e999"),
    *("2026-11-28", "2026-11-28T00:00:00Z", "12:30", "PT1H", "50%", "$5", "+1", "1.", "-.5"),
)
_WRITTEN = (
    # Prose, quotes and braces.
    *("It's", "Don't {pay} more than $5", "100% of {users} can't", "{}", "{{}}", "{0}", "{name!r}", "%s %(x)s", "$x"),
    *(
        "$5.00",
        "${}",
        "$()",
        "#{x}",
        "''",
        '"',
        "\\",
        "\\\\",
        "\\'",
        "\\{",
        "}{",
        "%}",
        "%}{%",
        "-%}",
        "{#",
        "#}",
        "$ 5",
    ),
    # SQL, regular expressions, formats of Python.
    *("SELECT * FROM t WHERE a = '$x' AND b LIKE '%y%'", "select $1::int, '{}'::jsonb -- c", "INSERT ... ('it''s')"),
    *(r"^auc=([0-9.]+)$", r"loss: (-?\d+\.\d+(?:[eE][+-]?\d+)?)", r"\$\{(\w+)\}", r"[$]{1}\.", r"'([^'\\]|\\.)*'"),
    *("f'{x!r:>{width}}'", "%(asctime)s %(levelname)-8s [%(name)s]", "$name ${name} $$", "{asctime} - {message}"),
    # Templates of other tools.
    *(
        "{{ bos_token }}{% for m in messages %}{{ m['content'] }}{% endfor %}",
        "[INST] {{ prompt }} [/INST]",
        "<%= x %>",
    ),
    *("<s>{% set x = 1 %}{{ x }}", "<x>", "<Your Bucket>", "@token@", "##X##", "%X%", "%%X%%", "{{x}}", "{{{x}}}"),
    *("{{resolve:ssm:/a/b:1}}", "!Ref X", '{"Fn::Sub": "${x}"}', '{"Ref": "X"}', "${LogicalId.Arn}", "${Token}"),
    # Shells and paths.
    *(
        "echo ${HOME} $(date +%s) $((1+2)) `id`",
        'set -e; X=${Y:-z}; echo "$X" > /tmp/$X',
        "${x%.*}",
        "${#x}",
        "$@",
        "$?",
    ),
    *("C:\\Users\\Token\\secret", "\\\\server\\share\\State", "%USERPROFILE%\\sync", "..\\..\\x", "~/sync", "a/../b"),
    # What begins like the languages of Step Functions, and is none of them.
    *(
        "States.",
        "States.Format",
        "States.Format is nice",
        "States.Timeout",
        "States.format('x')",
        "$states",
        "$sum(1)",
    ),
    *("$statesman", "arn:aws:states:::sagemaker:createTrainingJob.sync", "--learning-rate", "-5e-3", "--{x}", "-$x"),
)


def _hex(chance: Random, digits: int) -> str:
    return f"{chance.getrandbits(4 * digits):0{digits}x}"


def _words(chance: Random) -> str:
    return chance.choice("-_. /").join(chance.choice(_WORDS) for _ in range(chance.randint(1, 4)))


def _json(chance: Random) -> str:
    values = [chance.choice(_NUMBERS), 1, 2.5, None, True, [_words(chance)], {_words(chance): _words(chance)}]
    return json.dumps({_words(chance): chance.choice(values) for _ in range(chance.randint(0, 4))})


def _printable(chance: Random) -> str:
    return "".join(chr(chance.randint(32, 126)) for _ in range(chance.randint(1, 60)))


FAMILIES: tuple[Callable[[Random], str], ...] = (
    lambda chance: hashlib.sha256(_hex(chance, 8).encode()).hexdigest(),
    lambda chance: f"sha256:{_hex(chance, 64)}",
    lambda chance: f"{_hex(chance, 8)}-{_hex(chance, 4)}-4{_hex(chance, 3)}-{_hex(chance, 4)}-{_hex(chance, 12)}",
    lambda chance: base64.b64encode(chance.randbytes(chance.randint(3, 90))).decode(),
    lambda chance: base64.urlsafe_b64encode(chance.randbytes(chance.randint(3, 90))).decode(),
    lambda chance: f"eyJhbGciOiJIUzI1NiJ9.{base64.urlsafe_b64encode(chance.randbytes(45)).decode()}.{_hex(chance, 9)}",
    lambda chance: f"AKIA{base64.b32encode(chance.randbytes(10)).decode()}",
    lambda chance: str(chance.getrandbits(chance.randint(1, 900))),
    lambda chance: str(chance.random() * 10 ** chance.randint(-300, 279)),
    lambda chance: f"{chance.getrandbits(60)}e{chance.randint(0, 400)}",
    lambda chance: f"{chance.choice(_NUMBERS)} {chance.choice(_NUMBERS)}",
    lambda chance: chance.choice(_NUMBERS),
    lambda chance: chance.choice(_WRITTEN),
    lambda chance: f"{chance.choice(_WRITTEN)} {chance.choice(_WRITTEN)}",
    lambda chance: f"{_words(chance)}-123456789012-{_words(chance)}",
    lambda chance: f"https://{_hex(chance, 6)}.example.com:8080/a?b=c&d=%7Be%7D#{{{_words(chance)}}}",
    lambda chance: f"s3://my-secret-123456789012/{_words(chance)}/{_hex(chance, chance.randint(5, 64))}",
    _words,
    _json,
    _printable,
)
_READ = re.compile(r"\$[.\[]|\$\$?\Z|\$\$\.|\{%|States\.[A-Z]\w*\(|.*(?:\$\{AWS::|\d{281})", re.DOTALL)
"""What Step Functions or CloudFormation reads, or seems to, and a long number, which a token of the CDK seems to be."""


def free_texts(seed: int, number: int) -> Iterator[str]:
    """Texts that nothing reads but whom they are sent to: as many of each family."""
    chance = Random(seed)
    found: dict[str, None] = {}
    while len(found) < number:
        text = FAMILIES[len(found) % len(FAMILIES)](chance)
        if not _READ.match(text) and text not in found:
            found[text] = None
        elif len(found) % len(FAMILIES) in (11, 12):
            # These families have few members.
            found[f"{text} {len(found)}"] = None
    yield from found
