"""Properties of instance types: what they have of their own: local storage, which their hardware encrypts."""

from __future__ import annotations

import re
from typing import Final

from constructs_sm.language.late_bound import is_late_bound

LOCAL_STORAGE = frozenset(
    (
        *("c5d", "c6gd", "m5d", "m6gd", "r5d", "r6gd", "r7gd"),
        *("dl1", "g4dn", "g5", "g6", "g6e", "g7", "g7e", "trn1", "trn1n", "trn2"),
        *("p3dn", "p4d", "p4de", "p5", "p5e", "p5en", "p6-b200", "p6-b300", "p6e-gb200"),
    )
)
"""The families of SageMaker's jobs and endpoints whose sizes all have local storage, as EC2 describes its types.

SageMaker takes no volume key for them: "You can't request a VolumeKmsKeyId when using an instance type with local
storage."
Sources: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProcessingClusterConfig.html and
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-store-volumes.html
"""


def has_local_storage(instance_type: object) -> bool:
    """Tell whether an instance type (`ml.g5.xlarge`) is known to have local storage; a late-bound one is not."""
    if not isinstance(instance_type, str) or is_late_bound(instance_type):
        return False
    return instance_type.removeprefix("ml.").partition(".")[0] in LOCAL_STORAGE


_PROCESSORS: Final = {"gpu": re.compile(r"ml\.(?:g|gr|p)\d"), "cpu": re.compile(r"ml\.(?:c|m|r|t|x)\d")}


def processor_of(instance_type: object) -> str | None:
    """`cpu` or `gpu`, where an instance type says so; of accelerators of other kinds, and of what is late-bound, None.

    Source: https://aws.amazon.com/ec2/instance-types/
    """
    if not isinstance(instance_type, str) or is_late_bound(instance_type):
        return None
    return next((name for name, form in _PROCESSORS.items() if form.match(instance_type)), None)
