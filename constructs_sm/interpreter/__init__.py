"""Amazon States Language run in virtual time; knows neither SageMaker nor the CDK."""
