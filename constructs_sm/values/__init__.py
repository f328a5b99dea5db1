"""Values that arguments of constructs can be: outputs of jobs, conditions, places in S3, names, execution inputs."""

__all__ = ["conditions", "input_schema", "inputs", "names", "outputs", "reuse", "s3"]
