"""What an argument of a construct can be: outputs of jobs, conditions, places in S3, names, inputs of an execution."""
