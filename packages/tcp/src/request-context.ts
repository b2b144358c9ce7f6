import type { TcpPeer } from "./peer.ts";

/** What a handler knows beside the request. */
export interface TcpRequestContext<State> {
  readonly peer: TcpPeer;
  /** What `openState` made for this connection. */
  readonly state: State;
  /** Aborted when the connection is gone or the handler's time is up. Made when it is first read. */
  readonly signal: AbortSignal;
  /** Ends the connection after the reply to this request; requests behind it are not answered. */
  close(): void;
}

/** What of a connection its requests may see. */
interface ContextSource<State> extends Omit<TcpRequestContext<State>, "close"> {
  endAfter(request: number): void;
}

/** A view of the connection for one request: `close` has to know which reply is to be the last. */
export class RequestContext<State> implements TcpRequestContext<State> {
  readonly #connection: ContextSource<State>;
  readonly #request: number;

  constructor(connection: ContextSource<State>, request: number) {
    this.#connection = connection;
    this.#request = request;
  }

  get peer(): TcpPeer {
    return this.#connection.peer;
  }

  get state(): State {
    return this.#connection.state;
  }

  get signal(): AbortSignal {
    return this.#connection.signal;
  }

  close(): void {
    this.#connection.endAfter(this.#request);
  }
}
