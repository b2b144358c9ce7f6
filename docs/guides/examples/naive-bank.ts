// The bank that everybody writes first. Each comment below is a bug.
import { on, once } from "node:events";
import { createServer, type AddressInfo } from "node:net";

export async function startNaiveBank() {
  let balance = 1000; // gone with the process
  const answer = (command: string): string => {
    const [verb, text] = command.trim().split(" ");
    const amount = Number(text);
    if (verb === "check_balance") return `Your balance is: $${balance}`;
    if (verb === "deposit" && amount > 0) {
      balance += amount;
      return `Deposited $${amount}. New balance: $${balance}`;
    }
    if (verb === "withdraw" && amount > 0 && amount <= balance) {
      balance -= amount;
      return `Withdrew $${amount}. New balance: $${balance}`;
    }
    return "Invalid command.";
  };

  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const connections = on(server, "connection");
  const serve = async () => {
    for await (const [socket] of connections) {
      // The next client waits until this one leaves.
      try {
        for await (const bytes of socket) {
          // A read is taken for a message.
          socket.write(answer(String(bytes)));
        }
      } catch {} // A reset. Was the last answer heard?
    }
  };
  void serve();
  const { port } = server.address() as AddressInfo;
  return {
    port,
    [Symbol.asyncDispose]: async () => void (connections.return?.(), server.close()),
  };
}
