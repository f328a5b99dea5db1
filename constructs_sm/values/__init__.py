"""Values that arguments of constructs can be: outputs of jobs, conditions, places in S3, names, execution inputs.

`outputs` of jobs, `conditions` on them, `inputs` of an execution, `names` of jobs, places in `s3`, and when to `reuse`.
"""

__all__ = ["conditions", "input_schema", "inputs", "names", "outputs", "reuse", "s3"]
