#!/usr/bin/env bash
# serverless-step-functions 3.31.2 writes a tag of 0 or false as a tag without a value. It also decides by the rest of a
# definition what a dollar sign is: a text with ${HOME} is a plain text until there is a Ref somewhere, and from then on
# a variable of Fn::Sub that has no value, which CloudFormation refuses.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$work"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund serverless-step-functions@3.31.2 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
tags: [{"Key":"cost","Value":""},{"Key":"shared","Value":""},{"Key":"team","Value":"churn"}]
no Ref in the definition: a text with ${HOME}
a Ref in the definition: Fn::Sub of a text with ${HOME}
EXPECTED

cat >"$work/program.cjs" <<'PROGRAM'
const { compileStateMachines } = require("serverless-step-functions/lib/deploy/stepFunctions/compileStateMachines");
const naming = require("serverless-step-functions/lib/naming");

function compiled(result) {
  const definition = { StartAt: "A", States: { A: { Type: "Pass", Result: result, End: true } } };
  const resources = {};
  compileStateMachines.call({
    ...naming,
    isStateMachines: () => true,
    getAllStateMachines: () => ["m"],
    getStateMachine: () => ({ name: "m", definition }),
    provider: { naming: { getNormalizedFunctionName: (name) => name, getLambdaLogicalId: (name) => name } },
    serverless: {
      classes: { Error },
      service: {
        functions: {},
        provider: { compiledCloudFormationTemplate: { Resources: resources, Outputs: {} }, tags: { cost: 0, shared: false, team: "churn" } },
        stepFunctions: {},
      },
    },
  });
  return Object.values(resources)[0].Properties;
}

function kind(definition) {
  if (typeof definition === "string") return `a text with ${definition.match(/\$\{\w+\}/)}`;
  const [key] = Object.keys(definition);
  return `${key} of a text with ${[definition[key]].flat()[0].match(/\$\{HOME\}/)}`;
}

console.log(`tags: ${JSON.stringify(compiled("x").Tags)}`);
console.log(`no Ref in the definition: ${kind(compiled(["echo ${HOME}", "x"]).DefinitionString)}`);
console.log(`a Ref in the definition: ${kind(compiled(["echo ${HOME}", { Ref: "Bucket" }]).DefinitionString)}`);
PROGRAM
node program.cjs >seen

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
