import type { Socket } from "node:net";

/** Whom a socket reports to. */
export interface SocketOwner {
  received(bytes: Uint8Array): void;
  peerEnded(): void;
  drained(): void;
  /** Everything was sent, and so was the end. */
  finished(): void;
  broke(error: Error): void;
  socketClosed(): void;
}

/**
 * Makes the socket report to its owner. The listeners are functions of the module, one set for all sockets: closures of each
 * socket would double what an idle connection costs.
 */
export function reportTo(socket: Socket, to: SocketOwner): void {
  (socket as OwnedSocket)[owner] = to;
  socket.on("data", onData).on("end", onEnd).on("drain", onDrain).on("finish", onFinish);
  socket.on("error", onError).on("close", onClose);
}

const owner = Symbol("owner");
type OwnedSocket = Socket & { [owner]: SocketOwner };

function onData(this: Socket, bytes: Uint8Array): void {
  (this as OwnedSocket)[owner].received(bytes);
}

function onEnd(this: Socket): void {
  (this as OwnedSocket)[owner].peerEnded();
}

function onDrain(this: Socket): void {
  (this as OwnedSocket)[owner].drained();
}

function onFinish(this: Socket): void {
  (this as OwnedSocket)[owner].finished();
}

function onError(this: Socket, error: Error): void {
  (this as OwnedSocket)[owner].broke(error);
}

function onClose(this: Socket): void {
  (this as OwnedSocket)[owner].socketClosed();
}
