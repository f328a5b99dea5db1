// Runs state machines in aws-local-stepfunctions: cases on stdin, the least seconds of each on stdout, both as JSON.
import { StateMachine } from "aws-local-stepfunctions";
import { text } from "node:stream/consumers";

const { cases, times } = JSON.parse(await text(process.stdin));
const taken = [];
for (const { definition, input } of cases) {
  const seconds = [];
  for (let time = 0; time < times; time++) {
    const machine = new StateMachine(definition, { validationOptions: { noValidate: true } });
    const began = performance.now();
    await machine.run(input).result;
    seconds.push((performance.now() - began) / 1000);
  }
  taken.push(Math.min(...seconds));
}
process.stdout.write(JSON.stringify(taken), () => process.exit());
