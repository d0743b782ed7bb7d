/**
 * Commands that look: at the whole, at events, and at what is wrong.
 *
 * @internal
 */
import { Argument, Command, Flag } from "effect/cli"
import * as Flags from "../flags.ts"
import { doing } from "../root.ts"

export const status = Command.make(
  "status",
  {
    watch: Flags.flag("watch", "Goes on until it is interrupted; with --json a document a line"),
    every: Flags.span("every", "With --watch: between two looks; default 2s")
  },
  doing(
    () => import("../actions/status.ts"),
    (file) => file.status
  )
).pipe(
  Command.withDescription(
    "What needs attention, and how consumers are, the worst first; exit code 2 while migrations are pending"
  ),
  Command.withShortDescription("What needs attention, and how consumers are"),
  Command.withExamples([{ command: "npx effect-integration status --watch" }])
)

export const doctor = Command.make(
  "doctor",
  { checks: Flags.flag("checks", "Also what was looked at, and how long it took") },
  doing(
    () => import("../actions/doctor.ts"),
    (file) => file.doctor
  )
).pipe(
  Command.withDescription(
    "What is not as it should be, why, and the command that mends it; exit code 2 for errors and warnings"
  ),
  Command.withShortDescription("What is not as it should be, and what mends it")
)

const find = Command.make(
  "find",
  {
    name: Flags.texts("name", "name", "With this name, or pattern with *"),
    module: Flags.texts("module", "name", "Published by this module"),
    status: Flag.Literals("status", ["pending", "processing", "processed", "failed", "dead_letter"]).pipe(
      Flag.withDescription("With this status; may be given several times"),
      Flag.atLeast(0)
    ),
    consumer: Flags.text("consumer", "name", "With a delivery for this consumer"),
    aggregate: Flags.text("aggregate", "entity", "Of this entity, as module/Type/id or Type/id"),
    correlation: Flags.text("correlation", "id", "With this correlation"),
    causation: Flags.text("causation", "id", "Caused by this event"),
    since: Flags.time("since", "Published since then: a time, or how long ago, as 2h"),
    until: Flags.time("until", "Published before then"),
    payload: Flags.texts("payload", "path=value", "With this in the payload, as customer.id=42"),
    text: Flags.text("text", "text", "Whose payload has this text"),
    ...Flags.page,
    budget: Flags.whole("budget", "Events that one look takes, at most; default 50000", [1, 200_000])
  },
  doing(
    () => import("../actions/events.ts"),
    (file) => file.find
  )
).pipe(
  Command.withDescription("Looks for events, the last first, and says how far it looked"),
  Command.withExamples([
    { command: "npx effect-integration events find --name 'invoice.*' --since 2h" },
    { command: "npx effect-integration events find --payload customer.id=42" }
  ])
)

const show = Command.make(
  "show",
  {
    id: Flags.id("id", "Of the event"),
    as: Flags.text(
      "as",
      "consumer",
      "Only the payload, as the handler of this consumer gets it in the process that is asked"
    )
  },
  doing(
    () => import("../actions/events.ts"),
    (file) => file.show
  )
).pipe(Command.withDescription("One event with its payload, its deliveries and their failed attempts"))

export const events = Command.make("events").pipe(
  Command.withDescription("Looks for events, and at one of them"),
  Command.withSubcommands([find, show])
)

export const trace = Command.make(
  "trace",
  {
    id: Flags.id("id", "Of an event"),
    limit: Flags.whole("limit", "Events at most; default 1000", [1, 1000]),
    minutes: Flags.whole("minutes", "Looks for what followed within so many minutes; default 10", [1, 5_256_000])
  },
  doing(
    () => import("../actions/events.ts"),
    (file) => file.trace
  )
).pipe(Command.withDescription("What an event came from, and what came of it, as a tree"))

export const links = Command.make(
  "links",
  {
    entity: Flags.entity,
    hops: Flags.whole("hops", "Entities up to so many links away, 1 to 3", [0, 3]),
    life: Flags.flag("life", "What happened to it, across modules, the first first"),
    ...Flags.page
  },
  doing(
    () => import("../actions/links.ts"),
    (file) => file.links
  )
).pipe(
  Command.withDescription("What an entity is linked with, and what happened to it"),
  Command.withExamples([{ command: "npx effect-integration links finance/Invoice/42 --life" }])
)

export const audit = Command.make(
  "audit",
  {
    who: Flags.text("who", "name", "Done by this one"),
    action: Flags.text("action", "action", "As consumers.pause"),
    target: Flags.text("target", "target", "Done to this"),
    since: Flags.time("since", "Since then: a time, or how long ago, as 2h"),
    until: Flags.time("until", "Before then"),
    ...Flags.page
  },
  doing(
    () => import("../actions/audit.ts"),
    (file) => file.audit
  )
).pipe(Command.withDescription("Who did what, when, and why"))

const file = Argument.String("file").pipe(Argument.withDescription("Where contracts are committed, as contracts.json"))

const check = Command.make(
  "check",
  { file },
  doing(
    () => import("../actions/contracts.ts"),
    (actions) => actions.check
  )
).pipe(
  Command.withDescription("Compares what is registered with what is committed in a file; exit code 2 when they differ")
)

const update = Command.make(
  "update",
  { file, force: Flags.flag("force", "Although it breaks what is committed") },
  doing(
    () => import("../actions/contracts.ts"),
    (actions) => actions.update
  )
).pipe(Command.withDescription("Writes what is registered into the file; golden payloads in it stay"))

const listFlags = {}

const listAction = doing(
  () => import("../actions/contracts.ts"),
  (actions) => actions.list
)

const list = Command.make("list", listFlags, listAction).pipe(
  Command.withDescription("All versions of events that were ever registered")
)

const map = Command.make(
  "map",
  {},
  doing(
    () => import("../actions/contracts.ts"),
    (actions) => actions.map
  )
).pipe(Command.withDescription("Who publishes what, and who consumes it, as a Mermaid flowchart"))

const asyncapi = Command.make(
  "asyncapi",
  {
    title: Flag.String("title").pipe(
      Flag.withDescription("Of the document; default: Events"),
      Flag.withDefault("Events")
    ),
    apiVersion: Flag.String("api-version").pipe(
      Flag.withDescription("Of the document; default: 1.0.0"),
      Flag.withDefault("1.0.0")
    )
  },
  doing(
    () => import("../actions/contracts.ts"),
    (actions) => actions.asyncApiDocument
  )
).pipe(Command.withDescription("All contracts as an AsyncAPI 3.0 document"))

export const contracts = Command.make("contracts", listFlags, listAction).pipe(
  Command.withDescription("What payloads of events are, as processes registered it"),
  Command.withSubcommands([list, check, update, map, asyncapi])
)
