/**
 * Services of what people ask about events and deliveries, and do about them.
 *
 * @internal
 */
import { Layer } from "effect"
import { Audit } from "../operations/Audit.ts"
import { DeadLetters } from "../operations/DeadLetters.ts"
import { Doctor } from "../operations/Doctor.ts"
import { Entities } from "../operations/Entities.ts"
import { ErrorGroups } from "../operations/ErrorGroups.ts"
import { Events } from "../operations/Events.ts"
import { Health } from "../operations/Health.ts"
import { Operations } from "../operations/Operations.ts"
import { Statistics } from "../operations/Statistics.ts"
import type { Options } from "./layerOptions.ts"

export type WhatPeopleAsk =
  | Audit
  | DeadLetters
  | Doctor
  | Entities
  | ErrorGroups
  | Events
  | Health
  | Operations
  | Statistics

export const whatPeopleAsk = (options: Options) =>
  Layer.mergeAll(
    Audit.layer,
    DeadLetters.layer(options),
    Doctor.layer,
    Entities.layer,
    ErrorGroups.layer,
    Events.layer,
    Health.layer,
    Operations.layer,
    Statistics.layer
  )
