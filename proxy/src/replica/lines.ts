/** Lines of a byte stream, without their line feed; a line over the bound ends the stream, because its rest has no meaning. */

/** @throws Error when a line is longer than `bytesMax`. */
export async function* linesOf(stream: AsyncIterable<Buffer>, bytesMax: number): AsyncGenerator<string> {
  let pieces: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    let from = 0;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      pieces.push(chunk.subarray(from, at));
      yield Buffer.concat(pieces).toString("utf8");
      pieces = [];
      bytes = 0;
      from = at + 1;
    }
    const rest = chunk.subarray(from);
    bytes += rest.length;
    if (bytes > bytesMax) throw new Error(`a line is longer than ${bytesMax} bytes`);
    pieces.push(rest);
  }
}
