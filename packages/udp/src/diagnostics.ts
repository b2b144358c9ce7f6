import { channel, type Channel } from "node:diagnostics_channel";

/**
 * What the package tells to whoever subscribes (`node:diagnostics_channel`); unheard, an event costs one boolean test.
 * Every `start` is followed by exactly one `end` with the same `request` object.
 */

/** A server's handler begins: `{ request, peer }`. */
export const serverStart: Channel = channel("tallyline.udp.server.request.start");
/** It has ended: `{ request, peer, error }`; `error` is undefined if it gave a reply or nothing. */
export const serverEnd: Channel = channel("tallyline.udp.server.request.end");
/** A datagram was dropped: `{ peer, reason, bytes }`. */
export const serverDrop: Channel = channel("tallyline.udp.server.drop");
/** A client's call begins: `{ request, url }`. */
export const clientStart: Channel = channel("tallyline.udp.client.request.start");
/** It has ended: `{ request, url, error }`. */
export const clientEnd: Channel = channel("tallyline.udp.client.request.end");
