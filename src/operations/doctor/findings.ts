/**
 * What the doctor can find: docs/doctor.md lists it from here.
 *
 * @internal
 */

/** Something that is to be mended, or known. @since 0.1.0 */
export interface Finding {
  /** Stable, in kebab-case. */
  readonly id: string
  /** `error`: something does not work; `warning`: it will not, or somebody waits; `notice`: worth knowing. */
  readonly severity: "error" | "warning" | "notice"
  readonly title: string
  /** What was found, with names and numbers. */
  readonly detail: string
  readonly cause: string
  /** What to do. */
  readonly mend: string
  /** A command line of `npx effect-integration`, or SQL; null when there is none. */
  readonly command: string | null
  /** What it is about: a consumer, an event, a table, a setting, a process of the server; null: all of it. */
  readonly subject: string | null
}

/** What is the same about all findings of a kind. @since 0.1.0 */
export interface KindOfFinding extends Pick<Finding, "id" | "severity" | "title" | "cause" | "mend"> {}

const kind = (
  severity: Finding["severity"],
  title: string,
  cause: string,
  mend: string
): Omit<KindOfFinding, "id"> => ({ severity, title, cause, mend })

const kindsById = {
  "database-unreachable": kind(
    "error",
    "The database does not answer",
    "It is down, out of reach, overloaded, or its password has changed.",
    "Look at the server and at the way to it; delivery goes on by itself once it answers."
  ),
  "schema-unfit": kind(
    "error",
    "This process cannot work with the tables",
    "They are of another version: older, newer by a migration that this one cannot work with, from before the first release, or made by hand.",
    "Run the migrations that are pending, or upgrade effect-integration in this process."
  ),
  "schema-newer": kind(
    "notice",
    "The tables are newer than this process",
    "Another process has run migrations of a later version, which this one can work with.",
    "Upgrade effect-integration in this process when it suits."
  ),
  "database-in-recovery": kind(
    "error",
    "The server follows another one and takes no writes",
    "The address leads to a replica of the database, or the server was demoted.",
    "Connect to the primary server."
  ),
  "database-read-only": kind(
    "error",
    "Transactions begin read-only",
    "The setting default_transaction_read_only is on for the server, the database or the role: after a switch-over, or as a disk was nearly full.",
    "Switch it off once its reason is gone."
  ),
  "transaction-pooler": kind(
    "warning",
    "The database is behind a pooler in transaction mode",
    "Each transaction gets another connection, so what belongs to a session is lost: LISTEN, and the lock that shows that this process lives.",
    "Give this process a direct connection, or a pooler in session mode; until then events of other processes are found by polling."
  ),
  "notifications-lost": kind(
    "warning",
    "Notifications do not arrive",
    "What one connection notified of did not reach another one within a second: a proxy or pooler in between drops it, or the server's queue of notifications does not move.",
    "Connect without what is in between; until then events of other processes are found by polling."
  ),
  "clock-difference": kind(
    "warning",
    "The clocks of this process and the database differ",
    "The clock of one of the hosts is not synchronized. Ids of events begin with the time of the process, so searches by time look in the wrong place.",
    "Synchronize both hosts by NTP."
  ),
  "long-transaction": kind(
    "warning",
    "A transaction has been open for long",
    "A program left it open, or runs one long statement. Until it ends, vacuum removes nothing that was deleted or changed since, and new subscriptions cannot be sure that they got everything.",
    "Find the program by its name, and end its session if nobody needs it."
  ),
  "prepared-transaction-left": kind(
    "warning",
    "A transaction was prepared and not ended",
    "Its coordinator is gone, or has forgotten it. It holds its locks and holds back vacuum, also after a restart of the server.",
    "Ask its coordinator what is to become of it, then commit it or roll it back."
  ),
  "dead-rows": kind(
    "warning",
    "Many rows of a table are dead",
    "Vacuum does not keep up: it is held back by a long transaction, too slow by its settings, or off.",
    "End what holds it back, then run vacuum by hand; if that comes back, lower autovacuum_vacuum_scale_factor of the table."
  ),
  "autovacuum-off": kind(
    "warning",
    "Autovacuum is off",
    "It was switched off for the server, or for a table. Tables that are written as queues are grow without it, and claims get slow.",
    "Switch it on."
  ),
  "table-missing": kind(
    "error",
    "A table is missing",
    "Somebody dropped it, although its migration was run.",
    "Restore it from a backup, or make it by the file of sql/ that has it."
  ),
  "table-changed": kind(
    "warning",
    "A table is not as its migration made it",
    "Somebody changed a column or a constraint.",
    "Change it back; npx effect-integration sql shows how it was made."
  ),
  "index-missing": kind(
    "error",
    "An index is missing",
    "Somebody dropped it, or a restore left it out. Statements that count on it read whole tables.",
    "Make it again, which holds up nobody."
  ),
  "index-invalid": kind(
    "error",
    "An index is invalid",
    "It was not finished, so it is written and never read.",
    "Make it anew, which holds up nobody."
  ),
  "index-changed": kind(
    "warning",
    "An index is not as its migration made it",
    "Somebody made another one by its name.",
    "Drop it and make it again."
  ),
  "index-foreign": kind(
    "notice",
    "A table has an index that no migration made",
    "Somebody added it. Every event or delivery that is written pays for it.",
    "Drop it unless one of your own queries needs it."
  ),
  "trigger-missing": kind(
    "error",
    "A trigger is missing",
    "Somebody dropped it. What it did is not done: deliveries stay when their events are removed, or rows cannot be inserted into outbox_event.",
    "Make it again."
  ),
  "trigger-changed": kind(
    "error",
    "A trigger is switched off, or not as its migration made it",
    "Somebody disabled it, as for a bulk load, or changed it.",
    "Switch it on, or make it again."
  ),
  "trigger-foreign": kind(
    "notice",
    "A table has a trigger that no migration made",
    "Somebody added it. It runs in the transactions that publish or deliver, and its errors are theirs.",
    "Drop it unless it is meant."
  ),
  "function-missing": kind(
    "error",
    "A function is missing",
    "Somebody dropped it.",
    "Make it again, and grant to others what docs/grants.md says."
  ),
  "function-changed": kind(
    "warning",
    "A function is not as its migration made it",
    "Somebody replaced it, or changed whose rights or which search_path it runs with.",
    "Put it back as it was."
  ),
  "subscription-unserved": kind(
    "warning",
    "Nobody serves a subscription",
    "Its subscriber was removed or renamed, its process does not run, or no process knows the version of what waits. What waits for it is kept.",
    "Start a process that serves it, or end the subscription."
  ),
  "event-unheard": kind(
    "notice",
    "Events have no consumer",
    "No subscription is for their name: nobody needs them, or a name is misspelt.",
    "Compare the name with that of the subscriber; stop publishing what nobody will need."
  ),
  "ordering-differs": kind(
    "warning",
    "Processes differ about the ordering of a consumer",
    "They run different code. Deliveries are kept in order only by those that ask for it.",
    "Finish the deployment, so that all run the same."
  ),
  "consumer-differs": kind(
    "notice",
    "Processes differ about what a consumer handles",
    "They run different code: events, patterns, versions, workers or options are not the same. While a deployment is under way, that is so.",
    "Finish the deployment, so that all run the same."
  ),
  "replicas-died": kind(
    "warning",
    "Processes ended without a word",
    "They were killed, ran out of memory, or a handler ended them.",
    "Read the logs of what started them; a delivery that ends its process becomes a dead letter with the tag HandlerCrashed."
  ),
  "delivery-stalled": kind(
    "error",
    "This process does not deliver what it should",
    "Its poller or a worker has ended, or its polls have not been answered for long.",
    "Read its log for the cause, and restart it."
  ),
  "setting-rejected": kind(
    "warning",
    "A setting is not valid",
    "It is stored, or set in the environment, with a value that it cannot have; the one of the next weaker source is in force.",
    "Correct it, or remove it."
  ),
  "setting-unknown": kind(
    "notice",
    "A stored setting is not known",
    "Its key is misspelt, or of another version. It has no effect.",
    "Correct it, or remove it."
  ),
  "retention-off": kind(
    "warning",
    "Finished events are kept for ever",
    "The setting retentionHours is 0, and the table has grown large.",
    "Say for how long they are of use; they are removed in small steps."
  ),
  "pool-small": kind(
    "notice",
    "There are more workers than batches may run at once",
    "Batches take half of the connection pool, and workers of all consumers share them in turn.",
    "If consumers are late, make the pool larger (maxConnections), or lower their concurrency."
  ),
  "consumer-braked": kind(
    "warning",
    "A consumer was paused as it failed too often",
    "More of its attempts failed than its maxFailureRate allows.",
    "Mend what fails, then resume it."
  ),
  "consumer-paused": kind(
    "warning",
    "A consumer has been paused for long",
    "Somebody paused it and has not resumed it. Events go on being kept for it.",
    "Resume it, or retire it."
  ),
  "consumer-held": kind(
    "notice",
    "A consumer waits",
    "It waits for its backfill, or until the time that one of its handlers asked for (Subscriber.cool).",
    "Wait; resuming the consumer ends what its handler asked for."
  ),
  "consumer-recovering": kind(
    "notice",
    "A consumer is handled with care",
    "A process that served it, or one of its connections, ended in the middle of its work. What was due then is handled slowly, one at a time if it was a process.",
    "Wait; if it stays so, look for the delivery that ends its process."
  ),
  "consumer-late": kind(
    "warning",
    "A consumer is behind",
    "Its handlers are slower than its events come, they fail, or nobody serves it.",
    "Look at how long its handlers take and why they fail; raise its concurrency, or start more processes."
  ),
  "dead-letters-growing": kind(
    "warning",
    "Deliveries of a consumer gave up lately",
    "Its handler fails for good: a bug, or something that it needs is away.",
    "Look at the errors by group, mend the cause, and requeue them, a few first."
  )
} satisfies Record<string, Omit<KindOfFinding, "id">>

/** @since 0.1.0 */
export type KnownFinding = keyof typeof kindsById

/** All that is known to be found, in the order of docs/doctor.md. @since 0.1.0 */
export const kinds: ReadonlyArray<KindOfFinding> = Object.entries(kindsById).map(([id, each]) => ({ id, ...each }))

/** What is said of one. */
interface Found {
  readonly detail: string
  readonly subject?: string | null
  readonly command?: string | null
}

export const found = (id: KnownFinding, { command = null, detail, subject = null }: Found): Finding => ({
  id,
  ...kindsById[id],
  detail,
  subject,
  command
})

const ranks = { error: 0, warning: 1, notice: 2 } as const

/** Errors first; otherwise as they were found. */
export const bySeverity = (a: Finding, b: Finding) => ranks[a.severity] - ranks[b.severity]
