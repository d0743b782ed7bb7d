/** What tests of the doctor share. */
import { Effect } from "effect"
import { Doctor, DoctorLimits, type DoctorReport, SubscriptionStore } from "../../src/index.ts"
import { defaultLimits, type Limits } from "../../src/operations/Doctor.ts"

/** Asks the doctor, who says more by other limits. */
export const examined = (limits: Partial<Limits> = {}) =>
  Effect.provideService(
    Doctor.use((doctor) => doctor.run),
    DoctorLimits,
    { ...defaultLimits, ...limits }
  )

/** Findings of one kind, of one subject if it is given. */
export const findingsOf = ({ findings }: DoctorReport, id: string, subject?: string) =>
  findings.filter((finding) => finding.id === id && (subject === undefined || finding.subject === subject))

/** What became of a check. */
export const checkOf = ({ checks }: DoctorReport, id: string) => checks.find((check) => check.id === id)

/** Subscribes a consumer that nobody serves. */
export const subscribed = (consumer: string, event: string) =>
  SubscriptionStore.use((store) => store.register([{ consumer, event, priority: 0, ordering: "none" }]))
