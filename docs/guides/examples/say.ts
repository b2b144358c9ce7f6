import { connectStream } from "@tallyline/testkit/proxies";

/** A connection for texts. */
export async function connectText(target: { readonly host?: string; readonly port: number }) {
  const stream = await connectStream(target);
  let rest = "";
  /** What one read brings, as a program takes it that knows nothing of messages. */
  const hear = async () => new TextDecoder().decode(await stream.read());
  return {
    say: (text: string) => stream.write(new TextEncoder().encode(text)),
    hear,
    /** What comes up to the next line feed. */
    async hearLine() {
      while (!rest.includes("\n")) rest += await hear();
      const end = rest.indexOf("\n");
      const line = rest.slice(0, end);
      rest = rest.slice(end + 1);
      return line;
    },
    leave: () => stream.end(),
  };
}
