/** An administration that administers nothing: it notes what it was asked, by whom, and answers with a script in each text. */

import { Effect, Stream } from "effect"
import { noDepth } from "../../src/admin/answers/consumers.ts"
import type { ReceivedPayload } from "../../src/admin/model/events.ts"
import { type AdminService, CurrentUser, type LiveFigures, NotFound, type User } from "../../src/admin.ts"

export const script = "<script>alert(1)</script>"

export interface Call {
  readonly asked: string
  readonly given: ReadonlyArray<unknown>
  readonly user: User
}

export interface FakeAdmin {
  readonly admin: AdminService
  readonly calls: Array<Call>
  /** Samplers that run. */
  readonly samplers: { running: number; begun: number }
  readonly documents: { payload: string | null; received?: Partial<ReceivedPayload> }
}

const at = new Date("2026-01-02T03:04:05.678Z")
const entity = { module: script, entityType: script, entityId: script }
const depth = { ...noDepth, ready: 1 }

const consumer = {
  consumer: script,
  ordering: script,
  pausedAt: null,
  pausedBy: script,
  pauseReason: script,
  coolUntil: null,
  lastSeenAt: at,
  servedBy: [script],
  subscriptions: [{ event: script, priority: 0, isServed: true }],
  depth
}

const letter = {
  deliveryId: "1",
  eventId: script,
  eventName: script,
  schemaVersion: 1,
  consumer: script,
  aggregate: entity,
  status: "dead_letter",
  attemptCount: 3,
  lastError: script,
  errorTag: script,
  fingerprint: "1",
  isUndecodable: false,
  isEdited: false,
  gaveUpAt: at,
  createdAt: at
} as const

const group = {
  fingerprint: "1",
  consumer: script,
  errorTag: script,
  title: script,
  sample: script,
  sampleDetail: script,
  firstSeenAt: at,
  lastSeenAt: at,
  attempts: 1,
  events: [script],
  schemaVersions: [1],
  versions: [script],
  state: "new",
  ignoredUntil: null,
  resolvedAt: null,
  note: script,
  changedBy: script,
  changedAt: at,
  gaveUp: 1,
  retrying: 1
} as const

const operation = {
  id: "1",
  kind: "requeue",
  filter: { consumer: script },
  cutOff: at,
  canary: 0,
  pace: null,
  reason: script,
  by: script,
  role: script,
  state: "running",
  total: 1,
  isTotalExact: true,
  done: 0,
  settled: 0,
  failedAgain: 0,
  open: 0,
  createdAt: at,
  startedAt: null,
  updatedAt: at,
  finishedAt: null,
  stoppedBy: script,
  lastError: script
} as const

const setting = {
  key: script,
  value: 1,
  source: "default",
  default: 1,
  minimum: null,
  maximum: null,
  rejected: script
} as const

const delivery = {
  deliveryId: "1",
  consumer: script,
  status: "received",
  isOpen: true,
  isParked: false,
  waitsFor: null,
  attemptCount: 0,
  lastError: script,
  errorTag: script,
  availableAt: at,
  leasedUntil: null,
  isEdited: false,
  receivedVersion: 2,
  createdAt: at,
  processedAt: null,
  attempts: []
} as const

const event = {
  id: script,
  eventName: script,
  schemaVersion: 1,
  sourceModule: script,
  aggregate: entity,
  status: "pending",
  correlationId: script,
  causationId: script,
  traceparent: script,
  dedupeKey: script,
  origin: script,
  createdAt: at,
  isRouted: true,
  oversizeBytes: null,
  visibility: "full"
} as const

const well = { isHealthy: true, reasons: [{ id: "process", isHealthy: true, detail: "The process answers." }] }

const page = <A>(item: A) => ({ items: [item], next: script })

const figures = (): LiveFigures => ({
  at: new Date(),
  consumers: [{ consumer: script, isPaused: false, depth }],
  published: 1,
  settled: 1,
  retried: 0,
  gaveUp: 0
})

/** @param payload - of events and dead letters, JSON */
export const makeFakeAdmin = (payload: string | null = `{"text":${JSON.stringify(script)}}`): FakeAdmin => {
  const calls: Array<Call> = []
  const samplers = { running: 0, begun: 0 }
  const documents: FakeAdmin["documents"] = { payload }
  const told = <A>(asked: string, answer: () => A, ...given: ReadonlyArray<unknown>) =>
    Effect.map(CurrentUser, (user) => {
      calls.push({ asked, given, user })
      return answer()
    })
  const does =
    <A, Given extends ReadonlyArray<unknown>>(asked: string, answer: () => A) =>
    (...given: Given) =>
      told(asked, answer, ...given)
  const affected = () => ({ affected: 1 })
  const admin: AdminService = {
    overview: told("overview", () => ({
      at,
      version: script,
      store: "memory" as const,
      attention: [{ id: script, severity: "error" as const, title: script, subject: script }],
      consumers: [consumer],
      gauges: [],
      rates: [],
      published: []
    })),
    live: Stream.unwrap(
      Effect.acquireRelease(
        Effect.sync(() => {
          samplers.running++
          samplers.begun++
        }),
        () =>
          Effect.sync(() => {
            samplers.running--
          })
      ).pipe(Effect.as(Stream.map(Stream.tick("10 millis"), figures)))
    ),
    statistics: {
      series: does("statistics.series", () => []),
      consumers: does("statistics.consumers", () => []),
      flows: does("statistics.flows", () => []),
      gauges: does("statistics.gauges", () => [])
    },
    events: {
      find: does("events.find", () => ({
        direction: "backward" as const,
        found: [],
        looked: 0,
        lookedBackTo: null,
        next: script,
        isComplete: false
      })),
      get: does("events.get", () => ({
        ...event,
        payload: documents.payload,
        metadata: documents.payload,
        deliveries: [{ ...delivery, payloadOverride: documents.payload }]
      })),
      received: does("events.received", () => ({
        eventId: script,
        eventName: script,
        consumer: script,
        isEdited: false,
        schemaVersion: 1,
        receivedVersion: 2,
        payload: documents.payload,
        originalPayload: documents.payload,
        visibility: "full" as const,
        reason: script,
        problems: [{ path: script, message: script }],
        state: "upcast" as const,
        ...documents.received
      })),
      lineage: does("events.lineage", () => ({
        root: script,
        unknownCause: script,
        events: [],
        isCut: false,
        lookedUntil: at
      }))
    },
    errorGroups: {
      list: does("errorGroups.list", () => page({ ...group, hourly: [] })),
      get: does("errorGroups.get", () => ({ ...group, differs: [], deliveries: [letter], behind: 0, hourly: [] })),
      change: does("errorGroups.change", () => group)
    },
    deadLetters: {
      list: does("deadLetters.list", () => page(letter)),
      get: does("deadLetters.get", () => ({
        ...letter,
        payload: documents.payload,
        originalPayload: null,
        metadata: documents.payload,
        visibility: "full" as const,
        correlationId: script,
        causationId: script,
        attempts: []
      })),
      requeue: does("deadLetters.requeue", affected),
      check: does("deadLetters.check", () => ({ isValid: true, isJudged: true, problems: [] })),
      edit: does("deadLetters.edit", affected),
      discard: does("deadLetters.discard", affected)
    },
    operations: {
      list: does("operations.list", () => page(operation)),
      get: does("operations.get", () => operation),
      preview: does("operations.preview", () => ({ count: 1, isExact: true, ordered: [script], cutOff: at })),
      start: does("operations.start", () => operation),
      stop: does("operations.stop", () => operation)
    },
    consumers: {
      list: told("consumers.list", () => [consumer]),
      get: (name) =>
        Effect.flatMap(
          told(
            "consumers.get",
            () => ({
              ...consumer,
              subscriptions: consumer.subscriptions.map((each) => ({
                ...each,
                versions: [{ version: 1, processes: [script] }]
              })),
              rules: [
                {
                  name: "mode" as const,
                  setting: `core.${script}`,
                  values: [{ value: script, source: "stored" as const, processes: [script] }]
                }
              ],
              oldest: {
                deliveries: [
                  {
                    deliveryId: script,
                    eventId: script,
                    eventName: script,
                    aggregate: { module: script, entityType: script, entityId: script },
                    state: "ready" as const,
                    attemptCount: 1,
                    createdAt: at
                  }
                ],
                isCut: true
              }
            }),
            name
          ),
          (found) => (name === "nobody" ? Effect.fail(new NotFound({ detail: `No ${script}` })) : Effect.succeed(found))
        ),
      pause: does("consumers.pause", () => consumer),
      resume: does("consumers.resume", () => consumer),
      retire: does("consumers.retire", () => ({ isRetired: true, subscriptions: 1, skipped: 0, open: [] }))
    },
    links: {
      list: does("links.list", () =>
        page({ id: "1", source: entity, target: entity, linkType: "reference" as const, createdAt: at })
      ),
      graph: does("links.graph", () => ({ entities: [], links: [], isComplete: true })),
      life: does("links.life", () => ({ moments: [], isComplete: true }))
    },
    contracts: told("contracts", () => []),
    replicas: told("replicas", () => []),
    settings: {
      list: told("settings.list", () => [setting]),
      put: does("settings.put", () => setting),
      history: does("settings.history", () => [])
    },
    audit: does("audit", () =>
      page({
        id: "1",
        at,
        who: script,
        role: script,
        action: script,
        target: script,
        reason: script,
        affected: null,
        outcome: "done" as const,
        details: script
      })
    ),
    doctor: told("doctor", () => ({ at, findings: [], checks: [] })),
    health: { live: Effect.succeed(well), ready: () => Effect.succeed(well) },
    noteRefusal: () => Effect.void
  }
  return { admin, calls, samplers, documents }
}
