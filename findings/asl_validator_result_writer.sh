#!/usr/bin/env bash
# asl-validator 4.0.0 refuses a distributed Map whose ResultWriter has only a WriterConfig, which AWS documents since
# 2025 for results that go on to the next state instead of a bucket. amazon-states-language-service 1.16.1 takes it.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$work"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund asl-validator@4.0.0 >install.log 2>&1 || { cat install.log; exit 2; }

cat >expected <<'EXPECTED'
false
must have required property 'Resource'
EXPECTED

cat >program.cjs <<'PROGRAM'
const validate = require("asl-validator");

const each = {
  Type: "Map",
  ItemReader: { Resource: "arn:aws:states:::s3:getObject", ReaderConfig: { InputType: "JSON" }, Parameters: { Bucket: "b", Key: "k" } },
  ItemProcessor: { ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" }, StartAt: "B", States: { B: { Type: "Pass", End: true } } },
  ResultWriter: { WriterConfig: { OutputType: "JSON", Transformation: "COMPACT" } },
  End: true,
};
const result = validate({ StartAt: "Each", States: { Each: each } });
console.log(result.isValid);
console.log(result.errorsText().match(/must have required property '\w+'/)[0]);
PROGRAM
node program.cjs >seen

cat seen
diff expected seen >&2 || { echo "the behaviour has changed" >&2; exit 1; }
