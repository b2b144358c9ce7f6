import type { ByteStream } from "@tallyline/testkit";
import { textOf } from "./bytes.ts";

/** The text that came, and how it was over: `hello, end` or `hel, reset`. */
export async function readAll(stream: ByteStream): Promise<string> {
  let text = "";
  try {
    for (let bytes = await stream.read(); bytes !== undefined; bytes = await stream.read()) text += textOf(bytes);
    return `${text}, end`;
  } catch {
    return `${text}, reset`;
  }
}
