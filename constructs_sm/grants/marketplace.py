"""Algorithms and models that were bought in AWS Marketplace: SageMaker fetches what they hold, and no role is asked."""

from __future__ import annotations

import re
from typing import Final

ACCOUNTS: Final = {
    "ap-northeast-1": "977537786026",
    "ap-northeast-2": "745090734665",
    "ap-south-1": "077584701553",
    "ap-southeast-1": "192199979996",
    "ap-southeast-2": "666831318237",
    "ca-central-1": "470592106596",
    "eu-central-1": "446921602837",
    "eu-north-1": "136758871317",
    "eu-west-1": "985815980388",
    "eu-west-2": "856760150666",
    "eu-west-3": "843114510376",
    "sa-east-1": "270155090741",
    "us-east-1": "865070037744",
    "us-east-2": "057799348421",
    "us-west-1": "382657785993",
    "us-west-2": "594846645681",
}
"""The account of AWS Marketplace in each Region, as the examples of SageMaker's documentation name it.

Source: https://github.com/aws/amazon-sagemaker-examples, in the notebooks on AWS Marketplace.
"""
_ARN: Final = re.compile(r"arn:[^:]*:sagemaker:([^:]*):(\d{12}):(?:algorithm|model-package)/")


def is_bought(value: object) -> bool:
    """Tell whether an ARN is of an algorithm or a model package in AWS Marketplace."""
    found = _ARN.match(value) if isinstance(value, str) else None
    return found is not None and found[2] in ACCOUNTS.values()
