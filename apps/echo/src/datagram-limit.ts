/** What UDP over IPv4 can carry. An echo is never larger than what asked for it, so there is nothing to amplify. */
export const MAX_DATAGRAM_BYTES: number = 65_507;
