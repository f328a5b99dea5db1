// Runs state machines in an interpreter that is not moto's. Cases on stdin, what they came to on stdout, both as JSON.
//
// A case is a definition, an input, and for each task state what its attempts yield: {output}, {error, cause},
// or {} if the attempt never ends.
import { StateMachine } from "aws-local-stepfunctions";
import { text } from "node:stream/consumers";

class TaskError extends Error {
  constructor({ error, cause }) {
    super(cause);
    this.name = error;
  }
}

async function run({ definition, input, outcomes, waits }) {
  const left = structuredClone(outcomes);
  const handlers = {};
  for (const state of Object.keys(outcomes)) {
    handlers[state] = async () => {
      const outcome = left[state].shift();
      if (outcome === undefined) throw new TaskError({ error: "NoOutcomeLeft", cause: state });
      if (outcome.error) throw new TaskError(outcome);
      return "output" in outcome ? outcome.output : new Promise(() => {});
    };
  }
  const retries = Object.fromEntries(Object.keys(outcomes).map((state) => [state, 0]));
  const machine = new StateMachine(definition, { validationOptions: { noValidate: true } });
  const execution = machine.run(input, {
    overrides: {
      taskResourceLocalHandlers: handlers,
      retryIntervalOverrides: retries,
      waitTimeOverrides: Object.fromEntries(waits.map((state) => [state, 0])),
    },
    context: { Execution: { Id: "execution", Input: input, Name: "execution", RedriveCount: 0 }, State: { RetryCount: 0 } },
  });
  const states = [];
  let error = null;
  const told = (async () => {
    for await (const event of execution.eventLogs) {
      if (event.type.endsWith("StateEntered")) states.push(event.state.name);
      if (event.type === "ExecutionFailed") error = event.Error;
    }
  })();
  try {
    const output = await execution.result;
    await told;
    return { status: "SUCCEEDED", error, states, output };
  } catch {
    await told;
    return { status: "FAILED", error, states };
  }
}

const cases = JSON.parse(await text(process.stdin));
const results = [];
for (const one of cases) results.push(await run(one));
// Its timers of timeouts that never came to pass would keep the process for a minute.
process.stdout.write(JSON.stringify(results), () => process.exit());
