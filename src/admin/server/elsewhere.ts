/**
 * What is answered where there is no API.
 *
 * @internal
 */
import type { HttpServerResponse } from "effect/http"
import { withHeaders } from "./answers.ts"
import type { Asked } from "./asked.ts"
import { unknownRoute } from "./failures.ts"

/** Answers for other paths than the API's, whoever asks, with all headers there are to be; method and host were looked at before. */
export type Elsewhere = (asked: Asked) => HttpServerResponse.HttpServerResponse

/** There is nothing. */
export const nothingElsewhere: Elsewhere = (asked) => withHeaders(unknownRoute(asked))
