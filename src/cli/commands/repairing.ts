/**
 * Commands that repair: errors, dead letters, and operations on many of them.
 *
 * @internal
 */
import { Argument, Command, Flag } from "effect/cli"
import * as Flags from "../flags.ts"
import { doing } from "../root.ts"

const fingerprint = Flags.id("fingerprint", "Of the error group: see errors list")

const note = Flags.text("note", "text", "A note for whoever sees it next")

const listErrorsFlags = {
  state: Flag.Literals("state", ["new", "known", "resolved", "ignored"]).pipe(
    Flag.withDescription("In this state; may be given several times"),
    Flag.atLeast(0)
  ),
  consumer: Flags.text("consumer", "name", "Of this consumer"),
  tag: Flags.text("tag", "tag", "With this tag"),
  open: Flags.flag("open", "Only those with deliveries that gave up, or are retried"),
  since: Flags.time("since", "That failed since then: a time, or how long ago, as 2h"),
  ...Flags.page
}

const listErrorsAction = doing(
  () => import("../actions/errors.ts"),
  (file) => file.list
)

const listErrors = Command.make("list", listErrorsFlags, listErrorsAction).pipe(
  Command.withDescription("Error groups, the last seen first")
)

const showError = Command.make(
  "show",
  { fingerprint },
  doing(
    () => import("../actions/errors.ts"),
    (file) => file.show
  )
).pipe(Command.withDescription("One group: a sample with its stack, what differs, and its dead letters"))

const resolve = Command.make(
  "resolve",
  { fingerprint, note },
  doing(
    () => import("../actions/errors.ts"),
    (file) => file.resolve
  )
).pipe(Command.withDescription("Says that its cause is gone; if it happens again it is new again"))

const ignore = Command.make(
  "ignore",
  { fingerprint, span: Flags.span("for", "For so long, as 7d; default: until it is said otherwise"), note },
  doing(
    () => import("../actions/errors.ts"),
    (file) => file.ignore
  )
).pipe(Command.withDescription("Says that it is of no interest"))

const know = Command.make(
  "know",
  { fingerprint, note },
  doing(
    () => import("../actions/errors.ts"),
    (file) => file.know
  )
).pipe(Command.withDescription("Says that somebody knows of it: it is no longer new"))

const annotate = Command.make(
  "note",
  { fingerprint, text: Argument.String("text").pipe(Argument.withDescription("The note; an empty one removes it")) },
  doing(
    () => import("../actions/errors.ts"),
    (file) => file.annotate
  )
).pipe(Command.withDescription("Writes a note on it"))

export const errors = Command.make("errors", listErrorsFlags, listErrorsAction).pipe(
  Command.withDescription("Failures by their cause, those that are still retried included"),
  Command.withSubcommands([listErrors, showError, resolve, ignore, know, annotate])
)

const delivery = Flags.id("delivery", "Id of the delivery that gave up")

const listLettersFlags = { ...Flags.deadLetterFilter, ...Flags.page }

const listLettersAction = doing(
  () => import("../actions/deadLetters.ts"),
  (file) => file.list
)

const listLetters = Command.make("list", listLettersFlags, listLettersAction).pipe(
  Command.withDescription("Deliveries that gave up, the last first")
)

const showLetter = Command.make(
  "show",
  { delivery },
  doing(
    () => import("../actions/deadLetters.ts"),
    (file) => file.show
  )
).pipe(Command.withDescription("One of them with its payload and attempts"))

const many = {
  deliveries: Argument.String("delivery").pipe(
    Argument.withDescription("Ids of deliveries that gave up"),
    Argument.variadic()
  ),
  ...Flags.deadLetterFilter,
  all: Flags.flag("all", "All there are"),
  cutOff: Flags.time("cut-off", "Only what had given up by then; default now"),
  pace: Flags.whole("pace", "So many a second at most; default as fast as it goes", [1, 1_000_000]),
  reason: Flags.reason,
  dryRun: Flags.flag("dry-run", "Only says how many there are"),
  detach: Flags.flag("detach", "Does not wait for the end of the operation"),
  yes: Flags.yes
}

const canary = Flags.maybe(
  Flag.ChoiceWithValue("canary", [
    ["0", 0],
    ["1", 1],
    ["5", 5],
    ["20", 20]
  ] as const).pipe(
    Flag.withDescription("So many first, and the rest only if none fails again; default 5 when there are more than 20")
  )
)

const requeue = Command.make(
  "requeue",
  { ...many, canary },
  doing(
    () => import("../actions/changeDeadLetters.ts"),
    (file) => file.requeue
  )
).pipe(
  Command.withDescription("Gives them to their handlers again: one by its id, or many as an operation"),
  Command.withExamples([
    { command: "npx effect-integration dead-letters requeue --error 8213394420313 --canary 5 --reason 'key is set'" },
    { command: "npx effect-integration dead-letters requeue --consumer crm.mail --pace 20 --yes --detach" }
  ])
)

const discard = Command.make(
  "discard",
  many,
  doing(
    () => import("../actions/changeDeadLetters.ts"),
    (file) => file.discard
  )
).pipe(Command.withDescription("Ends them for ever: one by its id, or many as an operation"))

const edit = Command.make(
  "edit",
  {
    delivery,
    payload: Flags.text(
      "payload",
      "file",
      "JSON in a file, or - for the standard input; default: opens $VISUAL or $EDITOR"
    ),
    check: Flags.flag("check", "Only says whether the handler would take it; exit code 2 if not"),
    reason: Flags.reason,
    yes: Flags.yes
  },
  doing(
    () => import("../actions/editDeadLetter.ts"),
    (file) => file.edit
  )
).pipe(Command.withDescription("Requeues one with another payload, which only its consumer sees"))

export const deadLetters = Command.make("dead-letters", listLettersFlags, listLettersAction).pipe(
  Command.withDescription("Deliveries that gave up"),
  Command.withSubcommands([listLetters, showLetter, requeue, discard, edit])
)

const operation = Flags.id("id", "Of the operation")

const listOperationsFlags = {
  state: Flags.maybe(
    Flag.Literals("state", ["canary", "running", "finished", "stopped", "canary-failed"]).pipe(
      Flag.withDescription("In this state")
    )
  ),
  ...Flags.page
}

const listOperationsAction = doing(
  () => import("../actions/operations.ts"),
  (file) => file.list
)

const listOperations = Command.make("list", listOperationsFlags, listOperationsAction).pipe(
  Command.withDescription("Operations, the last first")
)

const showOperation = Command.make(
  "show",
  { id: operation },
  doing(
    () => import("../actions/operations.ts"),
    (file) => file.show
  )
).pipe(Command.withDescription("One operation, and how far it has come"))

const watch = Command.make(
  "watch",
  { id: operation },
  doing(
    () => import("../actions/operations.ts"),
    (file) => file.watch
  )
).pipe(
  Command.withDescription(
    "Looks at one until it ends; exit code 2 when some failed again, 1 when it was stopped or its canary failed"
  ),
  Command.withShortDescription("Looks at one until it ends")
)

const stop = Command.make(
  "stop",
  { id: operation, reason: Flags.reason },
  doing(
    () => import("../actions/operations.ts"),
    (file) => file.stop
  )
).pipe(Command.withDescription("Ends one before its time; what it did stays done"))

export const operations = Command.make("operations", listOperationsFlags, listOperationsAction).pipe(
  Command.withDescription("Work on many dead letters, which goes on by itself"),
  Command.withSubcommands([listOperations, showOperation, watch, stop])
)
