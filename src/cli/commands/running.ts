/**
 * Commands that change how things run: tables, consumers, settings, and what is kept; and what runs until it is ended.
 *
 * @internal
 */
import { Argument, Command } from "effect/cli"
import * as Flags from "../flags.ts"
import { doing } from "../root.ts"

export const sql = Command.make(
  "sql",
  { from: Flags.whole("from", "Version of the tables that are there; default 0, none", [0, 999_999_999]) },
  doing(
    () => import("../actions/migrations.ts"),
    (file) => file.sql
  )
).pipe(Command.withDescription("Writes what migrate would do as one script for an administrator"))

export const migrate = Command.make(
  "migrate",
  {
    check: Flags.flag("check", "Only says which are pending, or why a start would refuse the tables; exit code 2 then")
  },
  doing(
    () => import("../actions/migrations.ts"),
    (file) => file.migrate
  )
).pipe(
  Command.withDescription("Runs pending migrations, and takes over tables of the reference system"),
  Command.withSubcommands([sql])
)

const consumer = Argument.String("consumer").pipe(Argument.withDescription("Its name"))

const listConsumersFlags = {}

const listConsumersAction = doing(
  () => import("../actions/consumers.ts"),
  (file) => file.list
)

const list = Command.make("list", listConsumersFlags, listConsumersAction).pipe(
  Command.withDescription("All consumers, the worst first")
)

const show = Command.make(
  "show",
  { consumer },
  doing(
    () => import("../actions/consumers.ts"),
    (file) => file.show
  )
).pipe(Command.withDescription("One consumer: what waits, and what it subscribes to"))

const pause = Command.make(
  "pause",
  { consumer, reason: Flags.reason },
  doing(
    () => import("../actions/consumers.ts"),
    (file) => file.pause
  )
).pipe(Command.withDescription("No delivery of it begins any more, in any process, until it is resumed"))

const resume = Command.make(
  "resume",
  { consumer, reason: Flags.reason },
  doing(
    () => import("../actions/consumers.ts"),
    (file) => file.resume
  )
).pipe(Command.withDescription("Goes on with it"))

const retire = Command.make(
  "retire",
  {
    consumer,
    event: Flags.text("event", "name", "Only the subscription to this name or pattern; default all"),
    skipOpen: Flags.flag("skip-open", "Skips what is open; default: lists it, and changes nothing"),
    force: Flags.flag("force", "Although a process serves it"),
    reason: Flags.reason,
    yes: Flags.yes
  },
  doing(
    () => import("../actions/consumers.ts"),
    (file) => file.retire
  )
).pipe(Command.withDescription("Ends its subscriptions"))

export const consumers = Command.make("consumers", listConsumersFlags, listConsumersAction).pipe(
  Command.withDescription("Who handles what, and how it is"),
  Command.withSubcommands([list, show, pause, resume, retire])
)

const key = Argument.String("key").pipe(Argument.withDescription("As maxAttempts, or in full as settings list has it"))

const listSettingsFlags = {}

const listSettingsAction = doing(
  () => import("../actions/settings.ts"),
  (file) => file.list
)

const listSettings = Command.make("list", listSettingsFlags, listSettingsAction).pipe(
  Command.withDescription("What is in force, and where it comes from")
)

const set = Command.make(
  "set",
  {
    key,
    value: Argument.String("value").pipe(Argument.withDescription("A number, or true or false")),
    reason: Flags.reason
  },
  doing(
    () => import("../actions/settings.ts"),
    (file) => file.set
  )
).pipe(Command.withDescription("Stores a value, which processes take over with their next poll"))

const unset = Command.make(
  "unset",
  { key, reason: Flags.reason },
  doing(
    () => import("../actions/settings.ts"),
    (file) => file.unset
  )
).pipe(Command.withDescription("Removes what is stored"))

const history = Command.make(
  "history",
  { key },
  doing(
    () => import("../actions/settings.ts"),
    (file) => file.history
  )
).pipe(Command.withDescription("What was stored when, by whom, and why"))

export const settings = Command.make("settings", listSettingsFlags, listSettingsAction).pipe(
  Command.withDescription("Settings that change while processes run"),
  Command.withSubcommands([listSettings, set, unset, history])
)

export const prune = Command.make(
  "prune",
  {
    olderThan: Flags.span(
      "older-than",
      "Events that were settled so long ago, as 30d, and none of whose deliveries gave up"
    ),
    deadLetters: Flags.span(
      "dead-letters-older-than",
      "Events that were settled so long ago with deliveries that gave up"
    ),
    dryRun: Flags.flag("dry-run", "Only says how many, among the 200,000 oldest"),
    yes: Flags.yes
  },
  doing(
    () => import("../actions/prune.ts"),
    (file) => file.prune
  )
).pipe(
  Command.withDescription(
    "Removes settled events once, with their deliveries and history; regularly it is done by settings"
  ),
  Command.withShortDescription("Removes events that were settled long ago")
)

export const dashboard = Command.make(
  "dashboard",
  {
    port: Flags.whole("port", "Where it listens; 0: a free port; default: 4415", [0, 65_535]),
    host: Flags.text("host", "host", "Another name or address of this machine itself, as ::1; default: 127.0.0.1")
  },
  doing(
    () => import("../actions/dashboard.ts"),
    (file) => file.dashboard
  )
).pipe(
  Command.withDescription(
    "Serves the dashboard to browsers of this machine until it is interrupted: of the database, or of the process at --url with the rights of --token"
  ),
  Command.withShortDescription("Serves the dashboard to browsers of this machine")
)
