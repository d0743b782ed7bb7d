/**
 * How a list of events is cut into statements.
 *
 * @internal
 */

/** Rows one statement inserts at most; a longer list takes several, in one transaction. */
const chunkSize = 1000

/**
 * Characters of payloads and metadata one statement holds at most, but for a single event: a statement is encoded in one go,
 * and nothing else of the process runs meanwhile.
 */
const chunkLength = 4_194_304

/**
 * The statements a list takes, in its order.
 *
 * @param lengthOf - characters of one
 * @param maxLength - characters of a statement
 */
export const chunksOf = <A>(
  list: ReadonlyArray<A>,
  lengthOf: (each: A) => number,
  maxLength = chunkLength
): ReadonlyArray<ReadonlyArray<A>> => {
  const chunks: Array<Array<A>> = []
  let length = 0
  for (const each of list) {
    length += lengthOf(each)
    const last = chunks.at(-1)
    if (last !== undefined && last.length < chunkSize && length <= maxLength) last.push(each)
    else {
      chunks.push([each])
      length = lengthOf(each)
    }
  }
  return chunks
}
