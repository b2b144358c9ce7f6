// Peers that know nothing of Tallyline: plain sockets that send and read once, as a socket tutorial's programs do.
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A client that sends bytes as they are and takes whatever one read returns for the reply. */
export interface RawClient extends AsyncDisposable {
  /** Sends text without a line ending of its own. */
  send(text: string): void;
  /** What the next read returns; undefined at the end. */
  read(): Promise<string | undefined>;
  /** Everything until the other side ends. */
  readToEnd(): Promise<string>;
  ask(text: string): Promise<string | undefined>;
  /** Ends this side only. */
  end(): void;
}

export async function connectRaw(port: number): Promise<RawClient> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  await once(socket, "connect");
  const reads = socket.setEncoding("utf8").iterator({ destroyOnReturn: false }) as AsyncIterator<string>;
  const send = (text: string) => void socket.write(text);
  const read = async () => {
    const { done, value } = await reads.next();
    return done === true ? undefined : value;
  };
  return {
    send,
    read,
    readToEnd: async () => {
      let all = "";
      for (let part = await read(); part !== undefined; part = await read()) all += part;
      return all;
    },
    ask: async (text) => {
      send(text);
      return read();
    },
    end: () => void socket.end(),
    [Symbol.asyncDispose]: async () => void socket.destroy(),
  };
}

/** A server that reads, compares the bytes as they are, and answers without a line ending. */
export interface ReadOnceBank extends AsyncDisposable {
  readonly port: number;
  /** Every read it got, over all connections. */
  readonly reads: readonly string[];
}

/** @param options.closes Whether it closes the connection after each answer. */
export async function startReadOnceBank(options: { readonly closes?: boolean } = {}): Promise<ReadOnceBank> {
  let balance = 1000;
  const reads: string[] = [];
  const sockets = new Set<Socket>();
  const answer = (request: string): string => {
    const [verb, amount] = request.split(" ");
    if (request === "check_balance") return `Your balance is: $${balance}`;
    if (verb === "deposit") return `Deposited $${amount}. New balance: $${(balance += Number(amount))}`;
    if (verb === "withdraw" && Number(amount) > balance) return "Insufficient funds.";
    if (verb === "withdraw") return `Withdrew $${amount}. New balance: $${(balance -= Number(amount))}`;
    return "Invalid command.";
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      reads.push(bytes.toString());
      socket.write(answer(bytes.toString()));
      if (options.closes === true) socket.end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    reads,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
