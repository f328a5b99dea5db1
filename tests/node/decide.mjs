// Reads [{policies, action, resource, context, boundary}, ...] and says of each if iam-simulate allows it.
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'

const { runUnsafeSimulation } = createRequire(import.meta.url)('@cloud-copilot/iam-simulate')
const account = '123456789012'

const named = (policies) => policies.map((policy, index) => ({ name: `policy ${index}`, policy }))

const allows = ({ policies, action, resource, context, boundary }) =>
  runUnsafeSimulation(
    {
      request: {
        principal: `arn:aws:iam::${account}:role/machine`,
        action,
        resource: { resource, accountId: account },
        contextVariables: context
      },
      identityPolicies: named(policies),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      permissionBoundaryPolicies: boundary ? named([boundary]) : undefined
    },
    {}
  ) === 'Allowed'

console.log(JSON.stringify(JSON.parse(readFileSync(0, 'utf8')).map(allows)))
