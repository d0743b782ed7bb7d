/**
 * Operations, the audit, and diagnoses.
 *
 * @internal
 */
import { Clock, Effect } from "effect"
import { BoundedMap } from "../../collections/bounded.ts"
import { cutTo } from "../../model/storable.ts"
import type { Audit } from "../../operations/Audit.ts"
import type { Doctor } from "../../operations/Doctor.ts"
import type { Health } from "../../operations/Health.ts"
import type { Operations } from "../../operations/Operations.ts"
import { CurrentUser } from "../access.ts"
import type { AdminService } from "../adminService.ts"
import { Diagnosis, HealthReport } from "../model/diagnosis.ts"
import { AuditEntry, Operation, OperationPreview } from "../model/operations.ts"
import type { Bounded } from "./bounded.ts"
import { pageOf, shaped } from "./shaped.ts"

const operationOf = shaped(Operation)
const previewOf = shaped(OperationPreview)
const entryOf = shaped(AuditEntry)
const diagnosisOf = shaped(Diagnosis)
const healthOf = shaped(HealthReport)

/** Of the same user and action, one refusal in so many milliseconds is written down. */
const refusalMillis = 60_000

/** Says of refusals whether they are to be written. */
const makeIsDue = () => {
  const written = new BoundedMap<string, number>(1000)
  return (key: string, now: number): boolean => {
    const last = written.get(key)
    if (last !== undefined && now - last < refusalMillis) return false
    written.set(key, now)
    return true
  }
}

const refusals = (audit: Audit["Service"]) => {
  const isDue = makeIsDue()
  return Effect.fnUntraced(function* (action: string, target: string) {
    const { name } = yield* CurrentUser
    if (!isDue(`${name} ${action}`, yield* Clock.currentTimeMillis)) return
    yield* audit.record({ action, target: cutTo(target, 1023), outcome: "refused" })
  })
}

export interface OperationServices {
  readonly health: Health["Service"]
  readonly operations: Operations["Service"]
  readonly audit: Audit["Service"]
  readonly doctor: Doctor["Service"]
}

export const operationsOver = (
  { audit, doctor, health, operations }: OperationServices,
  { ask, askFreely }: Bounded
): Pick<AdminService, "operations" | "audit" | "doctor" | "health" | "noteRefusal"> => {
  const note = refusals(audit)
  return {
    operations: {
      list: (query) =>
        ask(
          Effect.map(operations.list({ limit: 50, ...query }), ({ next, operations }) =>
            pageOf(operations, operationOf, next)
          )
        ),
      get: (id) => ask(Effect.map(operations.get(id), operationOf)),
      preview: (request) => ask(Effect.map(operations.preview(request), previewOf)),
      start: (request) => ask(Effect.map(operations.start(request), operationOf)),
      stop: (id, { reason }) => ask(Effect.map(operations.stop(id, reason), operationOf))
    },
    audit: (query) =>
      ask(Effect.map(audit.list({ limit: 50, ...query }), ({ entries, next }) => pageOf(entries, entryOf, next))),
    // Each of its checks has limits of its own, and one that fails must not end the others.
    doctor: askFreely(Effect.map(doctor.run, diagnosisOf)),
    health: {
      live: Effect.map(health.live, healthOf),
      ready: (options) =>
        health.ready(options).pipe(
          Effect.map(healthOf),
          Effect.catch((error) =>
            Effect.succeed({ isHealthy: false, reasons: [{ id: "request", isHealthy: false, detail: error.message }] })
          )
        )
    },
    noteRefusal: (action, target) => ask(note(action, target))
  }
}
