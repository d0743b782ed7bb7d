/**
 * How a command ends: what was not done, and exit codes.
 *
 * @internal
 */
import { Schema } from "effect"

/** It was not done, and why: sentences that say what to do. */
export class NotDone extends Schema.TaggedError<NotDone>()("NotDone", { detail: Schema.String }) {
  override get message() {
    return this.detail
  }
}

/** Exit codes of the command line. */
export const exitCodes = {
  /** It was done, and nothing was found. */
  done: 0,
  /** It was not done: not understood, not reached, not allowed, refused, or it failed. */
  notDone: 1,
  /** It was done, and it found something: of what looks for something. */
  found: 2,
  /** Somebody interrupted it. */
  interrupted: 130
} as const
