// The bank that everybody writes first. Each comment is a bug; the guide goes through them one by one.
import { on, once } from "node:events";
import { createServer, type AddressInfo } from "node:net";

export async function startNaiveBank(): Promise<AsyncDisposable & { readonly port: number }> {
  let balance = 1000; // gone with the process
  const answer = (command: string): string => {
    const [verb, text] = command.trim().split(" ");
    const amount = Number(text);
    if (verb === "check_balance") return `Your balance is: $${balance}`;
    if (verb === "deposit" && amount > 0) return `Deposited $${amount}. New balance: $${(balance += amount)}`;
    if (verb === "withdraw" && amount <= balance) return `Withdrew $${amount}. New balance: $${(balance -= amount)}`;
    return "Invalid command.";
  };

  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const connections = on(server, "connection");
  void (async () => {
    for await (const [socket] of connections) {
      // the next client waits until this one leaves
      try {
        for await (const bytes of socket) socket.write(answer(String(bytes))); // a read is taken for a message
      } catch {} // a reset: was the last answer heard?
    }
  })();
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => void (connections.return?.(), server.close()),
  };
}
