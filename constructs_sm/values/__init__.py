"""Values that arguments of constructs can be: outputs of jobs, conditions, places in S3, names, execution inputs."""
