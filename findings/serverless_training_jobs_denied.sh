#!/usr/bin/env bash
# serverless-step-functions 3.31.2 makes a role for a state machine from its tasks and knows the transform jobs of
# SageMaker, but neither its training jobs nor its processing jobs: the role of a machine with a training job and a
# message may send the message alone, and that of a machine with only a training job denies every action. The log has a
# line about it, and packaging succeeds. Give the machine a role, or iamRoleStatements.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$work"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund serverless@3.40.0 serverless-step-functions@3.31.2 >install.log 2>&1 || { cat install.log; exit 2; }

cat >expected <<'EXPECTED'
transform: Allow sagemaker:CreateTransformJob, Allow sagemaker:ListTags, Allow events:PutTargets
training: Deny *
trainingAndMessage: Allow sns:Publish
processing: Deny *
EXPECTED

cat >write.cjs <<'PROGRAM'
const job = (name) => ({ Type: "Task", Resource: `arn:aws:states:::sagemaker:create${name}Job.sync`, Parameters: { "Tags.$": "$.tags" }, End: true });
const message = { Type: "Task", Resource: "arn:aws:states:::sns:publish", Parameters: { TopicArn: "arn:aws:sns:us-east-1:111122223333:t", Message: "done" }, End: true };
const machine = (...states) => ({
  definition: {
    StartAt: "A",
    States: Object.fromEntries(states.map((state, n) => ["AB"[n], n + 1 < states.length ? { ...state, End: undefined, Next: "B" } : state])),
  },
});
const stateMachines = {
  transform: machine(job("Transform")),
  training: machine(job("Training")),
  trainingAndMessage: machine(job("Training"), message),
  processing: machine(job("Processing")),
};
const provider = { name: "aws", region: "us-east-1", runtime: "python3.12" };
const service = { service: "churn", frameworkVersion: "3", provider, plugins: ["serverless-step-functions"], stepFunctions: { stateMachines } };
require("fs").writeFileSync("serverless.json", JSON.stringify(service));
PROGRAM
node write.cjs
SLS_TELEMETRY_DISABLED=1 SLS_INTERACTIVE_SETUP_ENABLE=0 AWS_ACCESS_KEY_ID=testing AWS_SECRET_ACCESS_KEY=testing \
  node_modules/.bin/serverless package >log 2>&1 || cat log >&2

cat >read.cjs <<'PROGRAM'
const { Resources } = require("./.serverless/cloudformation-template-update-stack.json");

for (const machine of Object.values(Resources).filter(({ Type }) => Type === "AWS::StepFunctions::StateMachine")) {
  const [role] = machine.Properties.RoleArn["Fn::GetAtt"];
  const { Statement } = Resources[role].Properties.Policies[0].PolicyDocument;
  const name = Object.keys(Resources).find((each) => Resources[each] === machine).replace(/StepFunctionsStateMachine|StateMachine/, "");
  console.log(`${name[0].toLowerCase()}${name.slice(1)}: ${Statement.map(({ Effect, Action }) => `${Effect} ${[Action].flat()[0]}`).join(", ")}`);
}
PROGRAM
node read.cjs >seen

cat seen
diff expected seen >&2 || { echo "the behaviour has changed" >&2; exit 1; }
