#!/usr/bin/env bash
# serverless-step-functions 3.31.2 makes the role of a state machine, and of JSONata it knows half: for a Lambda
# function or a table of DynamoDB in Arguments it grants, for a transform job, an object of S3 or a build it ends with a
# bare TypeError, since it looks into Parameters alone. The same transform job in JSONPath is granted.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$work"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund serverless-step-functions@3.31.2 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
createTransformJob.sync in JSONPath: sagemaker:CreateTransformJob
createTransformJob.sync in JSONata: TypeError
lambda:invoke in JSONata: lambda:InvokeFunction
dynamodb:putItem in JSONata: dynamodb:PutItem
s3:getObject in JSONata: TypeError
codebuild:startBuild.sync in JSONata: TypeError
EXPECTED

cat >"$work/program.cjs" <<'PROGRAM'
const { getPermissions } = require("serverless-step-functions/lib/deploy/stepFunctions/iamStrategies");

const STATES = [
  ["createTransformJob.sync in JSONPath", "sagemaker:createTransformJob.sync", { Parameters: { TransformJobName: "a" } }],
  ["createTransformJob.sync in JSONata", "sagemaker:createTransformJob.sync", { Arguments: { TransformJobName: "a" } }],
  ["lambda:invoke in JSONata", "lambda:invoke", { Arguments: { FunctionName: "f" } }],
  ["dynamodb:putItem in JSONata", "dynamodb:putItem", { Arguments: { TableName: "t" } }],
  ["s3:getObject in JSONata", "aws-sdk:s3:getObject", { Arguments: { Bucket: "b", Key: "k" } }],
  ["codebuild:startBuild.sync in JSONata", "codebuild:startBuild.sync", { Arguments: { ProjectName: "p" } }],
];
for (const [name, service, fields] of STATES) {
  const state = { Type: "Task", Resource: `arn:aws:states:::${service}`, ...fields };
  let seen;
  try {
    seen = getPermissions(state, { serverless: { service: { resources: {} } } })[0].action.split(",")[0];
  } catch (error) {
    seen = error.constructor.name;
  }
  console.log(`${name}: ${seen}`);
}
PROGRAM
node program.cjs >seen

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
