import { promises as fs } from "node:fs";
import type { TlsCertificate } from "@tallyline/tcp";

/** Where a server's certificate is. All are PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** Authorities that clients' certificates must come from. */
  readonly clientCa: string | undefined;
}

/** Reads them, all or none. Rejects where one cannot be read. */
export async function readTlsFiles({ cert, key, clientCa }: TlsFiles): Promise<TlsCertificate> {
  const [certificate, privateKey, authority] = await Promise.all([
    fs.readFile(cert),
    fs.readFile(key),
    clientCa === undefined ? undefined : fs.readFile(clientCa),
  ]);
  return { cert: certificate, key: privateKey, ...(authority !== undefined && { ca: authority }) };
}
