/**
 * Operations, the audit, and diagnoses.
 *
 * @internal
 */
import { Effect } from "effect"
import type { Audit } from "../../operations/Audit.ts"
import type { Doctor } from "../../operations/Doctor.ts"
import type { Operations } from "../../operations/Operations.ts"
import type { AdminService } from "../adminService.ts"
import { Diagnosis } from "../model/diagnosis.ts"
import { AuditEntry, Operation, OperationPreview } from "../model/operations.ts"
import type { Bounded } from "./bounded.ts"
import { pageOf, shaped } from "./shaped.ts"

const operationOf = shaped(Operation)
const previewOf = shaped(OperationPreview)
const entryOf = shaped(AuditEntry)
const diagnosisOf = shaped(Diagnosis)

export interface OperationServices {
  readonly operations: Operations["Service"]
  readonly audit: Audit["Service"]
  readonly doctor: Doctor["Service"]
}

export const operationsOver = (
  { audit, doctor, operations }: OperationServices,
  { ask, askFreely }: Bounded
): Pick<AdminService, "operations" | "audit" | "doctor"> => ({
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
  doctor: askFreely(Effect.map(doctor.run, diagnosisOf))
})
