/** An administration whose answers are made up, for tests of what asks it: `calls` has what was changed. */

import { Effect, Redacted, Stream } from "effect"
import { serve } from "srvx/node"
import { AdminServer } from "../../src/admin/AdminServer.ts"
import type { AdminService } from "../../src/admin/adminService.ts"
import { noDepth } from "../../src/admin/answers/consumers.ts"
import type { ConsumerDetails, ConsumerSummary } from "../../src/admin/model/consumers.ts"
import type { DeadLetter, ListedErrorGroup } from "../../src/admin/model/deadLetters.ts"
import type { EventSummary } from "../../src/admin/model/events.ts"
import type { Operation } from "../../src/admin/model/operations.ts"
import { Conflict, NotFound } from "../../src/admin/problems.ts"

/** What must not reach a terminal as it is: colour, a cleared screen by one character, and text turned round. */
export const hostile = "\u001b[31mred\u001b]0;title\u0007\u009b2J\u202eevil"

/** A number that JavaScript cannot keep. */
export const exactPayload = `{"amount":9007199254740993,"note":"${"x"}","items":[{"sku":"a"},{"sku":"b"}],"empty":{}}`

export const at = new Date("2026-11-27T14:00:00.000Z")

const well = { isHealthy: true, reasons: [] }

const invoice = { module: "finance", entityType: "Invoice", entityId: "42" }

const consumer = (name: string, depth: Partial<ConsumerSummary["depth"]>): ConsumerSummary => ({
  consumer: name,
  ordering: "none",
  pausedAt: null,
  pausedBy: null,
  pauseReason: null,
  coolUntil: null,
  lastSeenAt: at,
  servedBy: ["replica-1"],
  subscriptions: [{ event: "invoice.*", priority: 0, isServed: true }],
  depth: { ...noDepth, ...depth }
})

const distribution = { bounds: [0.1, 1, 10], counts: [90, 10, 0, 0], sum: 12 }

const letter: DeadLetter = {
  deliveryId: "delivery-1",
  eventId: "event-1",
  eventName: "invoice.created",
  schemaVersion: 2,
  consumer: "crm.mail",
  aggregate: invoice,
  status: "dead_letter",
  attemptCount: 5,
  lastError: `MailError: refused ${hostile}\nsecond line`,
  errorTag: "MailError",
  fingerprint: "8213394420313",
  isUndecodable: false,
  isEdited: false,
  gaveUpAt: at,
  createdAt: at
}

const group: ListedErrorGroup = {
  fingerprint: "8213394420313",
  consumer: "crm.mail",
  errorTag: "MailError",
  title: "refused <text>",
  sample: "refused ana",
  sampleDetail: `MailError: refused ana\n    at send (mail.ts:1:1)\n${hostile}`,
  firstSeenAt: at,
  lastSeenAt: at,
  attempts: 25,
  events: ["invoice.created"],
  schemaVersions: [2],
  versions: ["1.2.0"],
  state: "new",
  ignoredUntil: null,
  resolvedAt: null,
  note: null,
  changedBy: null,
  changedAt: null,
  gaveUp: 1001,
  retrying: 3,
  hourly: []
}

/** One of which no delivery is left. */
const over = { ...group, fingerprint: "77", gaveUp: 0, retrying: 0 }

/** Two processes serve it, of which one is of an earlier version. */
const details = ({ subscriptions }: ConsumerSummary): Pick<ConsumerDetails, "subscriptions" | "rules" | "oldest"> => ({
  subscriptions: subscriptions.map((each) => ({ ...each, versions: [{ version: 2, processes: [] }] })),
  rules: [
    { name: "mode", setting: null, values: [{ value: "transactional", source: "default", processes: [] }] },
    {
      name: "maxAttempts",
      setting: setting.key,
      values: [
        { value: 5, source: "code", processes: ["one"] },
        { value: null, source: "unknown", processes: ["two"] }
      ]
    },
    {
      name: "timeoutMs",
      setting: "core.integration.outbox.processingLeaseMs",
      values: [{ value: 24_000, source: "stored", processes: [] }]
    }
  ],
  oldest: {
    deliveries: [
      {
        deliveryId: "delivery-2",
        eventId: "event-2",
        eventName: `invoice.paid${hostile}`,
        aggregate: invoice,
        state: "retrying",
        attemptCount: 3,
        createdAt: at
      }
    ],
    isCut: true
  }
})

const summary: EventSummary = {
  id: "event-1",
  eventName: `invoice.created${hostile}`,
  schemaVersion: 2,
  sourceModule: "finance",
  aggregate: invoice,
  correlationId: "event-0",
  causationId: null,
  origin: null,
  createdAt: at,
  isRouted: true,
  status: "dead_letter",
  deliveries: [
    { consumer: "crm.mail", status: "dead_letter", isOpen: false, isParked: false, attemptCount: 5 },
    { consumer: "operations.tasks", status: "processed", isOpen: false, isParked: false, attemptCount: 2 }
  ]
}

const attempt = {
  attempt: 5,
  startedAt: at,
  finishedAt: at,
  outcome: "dead_letter" as const,
  errorTag: "MailError",
  error: "MailError: refused"
}

const operation: Operation = {
  id: "operation-1",
  kind: "requeue",
  filter: { consumer: "crm.mail" },
  cutOff: at,
  canary: 5,
  pace: 20,
  reason: "key is set",
  by: "ana",
  role: "operator",
  state: "running",
  total: 1204,
  isTotalExact: true,
  done: 600,
  settled: 590,
  failedAgain: 0,
  open: 10,
  createdAt: at,
  startedAt: at,
  updatedAt: at,
  finishedAt: null,
  stoppedBy: null,
  lastError: null
}

const contract = {
  eventName: "invoice.created",
  version: 1,
  sourceModule: "finance",
  aggregateType: "Invoice",
  owner: null,
  deprecated: null,
  jsonSchema: {
    type: "object",
    properties: { invoiceId: { type: "string" } },
    required: ["invoiceId"],
    additionalProperties: false
  },
  fingerprint: "fingerprint-1",
  hasUp: false,
  hasDown: false,
  firstSeenAt: at,
  lastSeenAt: at
}

const link = {
  id: "link-1",
  source: invoice,
  target: { module: "operations", entityType: "Task", entityId: "7" },
  linkType: "reference" as const,
  createdAt: at
}

const setting = {
  key: "core.integration.outbox.maxAttempts",
  value: 5,
  source: "default" as const,
  default: 5,
  minimum: 1,
  maximum: 100,
  rejected: null
}

const missing = (what: string) => Effect.fail(new NotFound({ detail: `There is no ${what}.` }))

/** How the operation goes that is watched. */
export type Course = "finished" | "canary-failed" | "failed-again"

const endOf = (course: Course): Partial<Operation> => {
  const ended = { finishedAt: at, done: 1204, open: 0 }
  if (course === "canary-failed") return { ...ended, state: "canary-failed", done: 5, failedAgain: 5, settled: 0 }
  return course === "finished"
    ? { ...ended, state: "finished", settled: 1204 }
    : { ...ended, state: "finished", settled: 1200, failedAgain: 4 }
}

/** What was asked to be changed, in order. */
export type Calls = Array<readonly [what: string, ...given: ReadonlyArray<unknown>]>

/** The administration, and what it was asked to change. */
export const fakeAdmin = (course: Course = "finished", matching = 1204) => {
  const calls: Calls = []
  let looks = 0
  const called = <A>(answer: A, ...call: Calls[number]) =>
    Effect.sync(() => {
      calls.push(call)
      return answer
    })
  const consumers = [
    consumer("analytics.daily", { ready: 3, oldestMillis: 1500 }),
    consumer("crm.mail", { deadLetters: 42, retrying: 3, oldestMillis: 245_000 }),
    { ...consumer("billing.sync", { ready: 20_000 }), pausedAt: at, pausedBy: "Ana", pauseReason: "stocktaking" }
  ]
  const points = Array.from({ length: 60 }, (_, minute) => ({
    at: new Date(at.getTime() - minute * 60_000),
    processed: minute,
    retried: 1,
    skipped: 0,
    gaveUp: 0
  }))
  const admin: AdminService = {
    overview: Effect.succeed({
      at,
      version: "0.1.0",
      store: "postgresql",
      attention: [
        { id: "lag", severity: "warning", title: `Consumer crm.mail lags 4 min ${hostile}`, subject: "crm.mail" }
      ],
      consumers,
      gauges: [],
      rates: [{ consumer: "crm.mail", points, duration: distribution, lag: distribution }],
      published: []
    }),
    live: Stream.empty,
    statistics: {
      series: () => Effect.succeed([]),
      consumers: () => Effect.succeed([]),
      flows: () => Effect.succeed([]),
      gauges: () => Effect.succeed([])
    },
    events: {
      // A search that finds nothing in its first slice.
      find: (query) =>
        Effect.succeed(
          query.after === undefined
            ? { direction: "backward", found: [], looked: 50_000, lookedBackTo: at, next: "slice-2", isComplete: false }
            : { direction: "backward", found: [summary], looked: 700, lookedBackTo: at, isComplete: true }
        ),
      get: (id) =>
        id === "event-1"
          ? Effect.succeed({
              ...summary,
              eventName: "invoice.created",
              status: "dead_letter",
              traceparent: null,
              dedupeKey: null,
              payload: exactPayload,
              metadata: '{"tenant":"a"}',
              oversizeBytes: null,
              visibility: "full",
              deliveries: [
                ...summary.deliveries,
                {
                  consumer: "finance.ledger",
                  status: "received" as const,
                  isOpen: true,
                  isParked: true,
                  attemptCount: 0
                }
              ].map((delivery, index) => ({
                ...delivery,
                deliveryId: `delivery-${index + 1}`,
                lastError: index === 0 ? letter.lastError : null,
                errorTag: null,
                availableAt: null,
                waitsFor: delivery.isParked
                  ? {
                      ...{ deliveryId: "delivery-0", eventId: "event-0", eventName: "invoice.created" },
                      ...{ status: "dead_letter" as const, isOpen: false, isParked: false, attemptCount: 5 },
                      availableAt: null
                    }
                  : null,
                leasedUntil: null,
                isEdited: false,
                receivedVersion: 2,
                createdAt: at,
                processedAt: at,
                payloadOverride: null,
                attempts: [[attempt], [{ ...attempt, attempt: 1, outcome: "failed" as const }], []][index] ?? []
              }))
            })
          : missing(`event ${id}`),
      received: (eventId, { consumer }) => {
        const received = {
          ...{ eventId, eventName: "invoice.created", consumer, isEdited: false, schemaVersion: 1, receivedVersion: 2 },
          ...{ originalPayload: exactPayload, visibility: "full" as const, reason: null, problems: [] }
        }
        if (consumer === "crm.mail") return Effect.succeed({ ...received, state: "upcast", payload: '{"cents":7}' })
        const problems = [{ path: "cents", message: `Expected an integer${hostile}` }]
        return consumer === "finance.ledger"
          ? Effect.succeed({
              ...received,
              state: "unreadable",
              payload: exactPayload,
              reason: `no${hostile}`,
              problems
            })
          : Effect.succeed({
              ...received,
              state: "elsewhere",
              receivedVersion: null,
              payload: exactPayload,
              reason: "The process that answers has no handler."
            })
      },
      lineage: (id) =>
        Effect.succeed({
          root: "event-0",
          unknownCause: null,
          events: ["event-0", id, "event-2", "event-3"].map((each, index) => ({
            id: each,
            name: index === 0 ? "order.placed" : index === 1 ? "invoice.created" : "task.created",
            schemaVersion: 1,
            aggregate: invoice,
            timestamp: at,
            correlationId: "event-0",
            causationId: index === 0 ? null : index === 1 || index === 3 ? "event-0" : id,
            origin: null,
            depth: index,
            deliveries:
              index === 1
                ? summary.deliveries.map((delivery) => ({ ...delivery, deliveryId: "d", lastError: letter.lastError }))
                : [],
            links: index === 2 ? [link] : []
          })),
          isCut: false,
          lookedUntil: at
        })
    },
    errorGroups: {
      list: ({ consumer, since }) =>
        Effect.succeed({
          items:
            consumer === "over"
              ? [over]
              : consumer === "nobody" || (since !== undefined && group.lastSeenAt < since)
                ? []
                : [group]
        }),
      get: (fingerprint) =>
        fingerprint === group.fingerprint || fingerprint === over.fingerprint
          ? Effect.succeed({
              ...(fingerprint === over.fingerprint ? over : group),
              differs: [{ placeholder: "<text>", values: [{ value: `ana${hostile}`, count: 3 }] }],
              deliveries: [letter],
              behind: 7,
              hourly: []
            })
          : missing(`error group ${fingerprint}`),
      change: (fingerprint, change) => called(group, "errorGroups.change", fingerprint, change)
    },
    deadLetters: {
      list: (query) =>
        called({ items: [letter], ...(query.limit === 1 ? { next: "cursor-2" } : {}) }, "deadLetters.list", query),
      get: (id) =>
        id === "delivery-1"
          ? Effect.succeed({
              ...letter,
              payload: exactPayload,
              originalPayload: null,
              metadata: null,
              visibility: "full",
              correlationId: "event-0",
              causationId: null,
              attempts: [attempt]
            })
          : missing(`dead letter ${id}`),
      requeue: (id, options) => called({ affected: 1 }, "deadLetters.requeue", id, options),
      check: (_, { payload }) =>
        Effect.succeed(
          payload.includes("amount")
            ? { isValid: true, isJudged: true, problems: [] }
            : {
                isValid: false,
                isJudged: true,
                problems: [{ path: "amount", message: "Missing key", line: 1, column: 2 }]
              }
        ),
      edit: (id, edit) => called({ affected: 1 }, "deadLetters.edit", id, edit),
      discard: (id, options) => called({ affected: 1 }, "deadLetters.discard", id, options)
    },
    operations: {
      list: () => Effect.succeed({ items: [operation] }),
      get: (id) => {
        if (id !== operation.id) return missing(`operation ${id}`)
        looks += 1
        return Effect.succeed(looks < 2 ? operation : { ...operation, ...endOf(course) })
      },
      preview: () => Effect.succeed({ count: matching, isExact: true, ordered: ["crm.mail"], cutOff: at }),
      start: (request) => {
        const begun = { ...operation, kind: request.kind, done: 0, settled: 0, open: 0, canary: request.canary ?? 0 }
        return called(begun, "operations.start", request)
      },
      stop: (id, options) => called({ ...operation, state: "stopped" as const }, "operations.stop", id, options)
    },
    consumers: {
      list: Effect.succeed(consumers),
      get: (name) => {
        const found = consumers.find((each) => each.consumer === name)
        return found === undefined ? missing(`consumer ${name}`) : Effect.succeed({ ...found, ...details(found) })
      },
      pause: (name, options) => called(consumer(name, {}), "consumers.pause", name, options),
      resume: (name, options) => called(consumer(name, { ready: 3 }), "consumers.resume", name, options),
      retire: (name, request) =>
        called(
          request.open === "skip"
            ? { isRetired: true, subscriptions: 1, skipped: 3, open: [] }
            : {
                isRetired: false,
                subscriptions: 0,
                skipped: 0,
                open: [{ deliveryId: "delivery-9", eventId: "event-9", eventName: "invoice.created" }]
              },
          "consumers.retire",
          name,
          request
        )
    },
    links: {
      list: () => Effect.succeed({ items: [link] }),
      graph: () =>
        Effect.succeed({
          entities: [
            { entity: invoice, hops: 0 },
            { entity: link.target, hops: 1 }
          ],
          links: [link],
          isComplete: true
        }),
      life: () =>
        Effect.succeed({
          moments: [
            {
              at,
              kind: "event" as const,
              entity: invoice,
              eventName: "invoice.created",
              eventId: "event-1"
            }
          ],
          isComplete: true
        })
    },
    contracts: Effect.succeed([contract]),
    replicas: Effect.succeed([]),
    settings: {
      list: Effect.succeed([setting]),
      put: (key, put) => {
        if (put.value === 1000) return Effect.fail(new Conflict({ detail: `${key} is from 1 to 100, not 1000.` }))
        const stored = put.value === null ? setting : { ...setting, value: put.value, source: "stored" as const }
        return called(stored, "settings.put", key, put)
      },
      history: (key) =>
        Effect.succeed([
          {
            ...{ key, value: 7, previousValue: null, changedAt: at },
            changedBy: `ana${hostile}`,
            reason: `slow${hostile}`
          }
        ])
    },
    audit: () =>
      Effect.succeed({
        items: [
          {
            id: "audit-1",
            at,
            who: "ana",
            role: "operator",
            action: "consumers.pause",
            target: "crm.mail",
            reason: hostile,
            affected: null,
            outcome: "done" as const,
            details: null
          }
        ]
      }),
    health: { live: Effect.succeed(well), ready: () => Effect.succeed(well) },
    noteRefusal: () => Effect.void,
    doctor: Effect.succeed({
      at,
      findings: [
        {
          id: "retention-off",
          severity: "notice",
          title: "Nothing is removed",
          detail: "Events stay for ever.",
          cause: "integration.retentionHours is 0.",
          mend: "Set it.",
          command: "effect-integration settings set retentionHours 720",
          subject: null
        },
        {
          id: "unserved",
          severity: "error",
          title: `Nobody serves crm.mail ${hostile}`,
          detail: "42 deliveries wait.",
          cause: "No process subscribes.",
          mend: "Start one.",
          command: null,
          subject: "crm.mail"
        }
      ],
      checks: [
        { id: "unserved", title: "Subscriptions are served", outcome: "found", why: null, millis: 3.2 },
        { id: "clock", title: "Clocks", outcome: "skipped", why: "one process", millis: 0 }
      ]
    })
  }
  return { admin, calls }
}

/** Serves an administration over HTTP, on a port of its own; whoever asks without the token, if there is one, is refused. */
export const serveAdmin = async (admin: AdminService, token?: string) => {
  const ana = { name: "ana", role: "admin" } as const
  const auth = token === undefined ? "open" : { tokens: [{ token: Redacted.make(token), ...ana }] }
  const { dispose, handler } = AdminServer.toWebHandler({ admin, auth })
  const server = serve({ port: 0, hostname: "127.0.0.1", silent: true, fetch: handler })
  await server.ready()
  return {
    url: server.url ?? "",
    close: async () => {
      await server.close(true)
      await dispose()
    }
  }
}
