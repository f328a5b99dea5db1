"""SageMaker, other services and the state machine role, as a rehearsal plays them.

`sagemaker` plays its calls; `job_outputs`, what its jobs return; `other_services`, the rest; `role`, what IAM lets
pass.
"""
