"""SageMaker, other services and the state machine role, as a rehearsal plays them.

`sagemaker` plays its calls; `descriptions`, what its jobs return; `answers`, other services; `role`, what IAM lets
pass.
"""
