#!/usr/bin/env bash
# @cloud-copilot/iam-simulate 0.1.173 denies what a policy allows where both sides say one thing in two spellings: a
# date in seconds since 1970 against the current time, which IAM's documents allow, and one address of IPv6 in its short
# and its long form. The same date against aws:EpochTime, and the address as a range, are allowed.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$work"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund @cloud-copilot/iam-simulate@0.1.173 >install.log 2>&1 || { cat install.log; exit 2; }

cat >expected <<'EXPECTED'
ISO date, CurrentTime: Allowed
epoch date, CurrentTime: ImplicitlyDenied
epoch date, EpochTime: Allowed
short address: ImplicitlyDenied
short address as a range: Allowed
EXPECTED

cat >program.mjs <<'PROGRAM'
import { runSimulation } from "@cloud-copilot/iam-simulate";

const NOW = { "aws:CurrentTime": "2026-11-28T18:00:00Z", "aws:EpochTime": "1795888800", "aws:SourceIp": "2001:db8:0:0:0:0:0:1" };
const CONDITIONS = {
  "ISO date, CurrentTime": { DateLessThan: { "aws:CurrentTime": "2030-01-01T00:00:00Z" } },
  "epoch date, CurrentTime": { DateLessThan: { "aws:CurrentTime": "1893456000" } },
  "epoch date, EpochTime": { DateLessThan: { "aws:EpochTime": "1893456000" } },
  "short address": { IpAddress: { "aws:SourceIp": "2001:db8::1" } },
  "short address as a range": { IpAddress: { "aws:SourceIp": "2001:db8::1/128" } },
};
const account = "111122223333";
for (const [name, Condition] of Object.entries(CONDITIONS)) {
  const statement = { Sid: "A", Effect: "Allow", Action: "sagemaker:StopTrainingJob", Resource: "*", Condition };
  const { overallResult } = await runSimulation(
    {
      identityPolicies: [{ name: "p", policy: { Version: "2012-10-17", Statement: [statement] } }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      request: {
        action: "sagemaker:StopTrainingJob",
        resource: { resource: `arn:aws:sagemaker:us-east-1:${account}:training-job/j`, accountId: account },
        principal: `arn:aws:iam::${account}:role/r`,
        contextVariables: NOW,
      },
    },
    {},
  );
  console.log(`${name}: ${overallResult}`);
}
PROGRAM
node program.mjs >seen

cat seen
diff expected seen >&2 || { echo "the behaviour has changed" >&2; exit 1; }
