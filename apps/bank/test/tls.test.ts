import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { createBankServer } from "@tallyline/bank";
import { createBankClient } from "@tallyline/bank/client";
import { connectTcp } from "@tallyline/tcp";
import { describe, expect, test } from "vitest";
import { passwordOf, usersOf } from "./bank-users.ts";
import { connectRaw } from "./raw-peers.ts";
import { stillLedger } from "./transcript-bank.ts";

const path = (name: string) => join(import.meta.dirname, "fixtures", `${name}.pem`);
const pem = (name: string) => readFileSync(path(name), "utf8");
const authority = pem("authority");
const pair = (name: string) => ({ cert: pem(name), key: pem(`${name}-key`) });

async function startBank(options: { certificate?: string; asksForCertificates?: boolean } = {}) {
  const { certificate = "server", asksForCertificates = false } = options;
  const users = await usersOf(
    { name: "alice", role: "customer", account: "main", rights: { main: "pay" }, certificate: "alice" },
    { name: "olga", role: "operator" },
  );
  const tls = { ...pair(certificate), ...(asksForCertificates && { ca: authority }) };
  const server = await createBankServer({ ledger: stillLedger(), port: 0, users, tls });
  return { server, users, port: server.port, [Symbol.asyncDispose]: async () => void (await server.drain()) };
}

test("a client that checks the certificate talks to the bank in TLS, as it does in plain text", async () => {
  await using bank = await startBank();
  const login = { user: "alice", password: passwordOf("alice") };
  await using client = createBankClient({ port: bank.port, tls: { ca: authority }, login });
  expect(await client.balance()).toMatchObject({ booked: "1000" });
  await using nobody = createBankClient({ port: bank.port, tls: { ca: authority } });
  expect(await nobody.balance("main")).toMatchObject({ code: "AUTH_REQUIRED" });
});

describe("a client does not talk to a server whose certificate", () => {
  test.each([
    ["comes from nobody it knows", "stranger", authority, /self-signed|unable to verify/],
    ["has expired", "expired-server", authority, /expired/],
    ["is for another name", "alice", authority, /does not match|altnames/i],
  ])("%s", async (_what, certificate, ca, reason) => {
    await using bank = await startBank({ certificate });
    await expect(connectTcp({ port: bank.port, tls: { ca }, connectTimeoutMs: 30_000 })).rejects.toThrow(reason);
  });
});

describe("a bank that asks for certificates", () => {
  test("takes who has one for the user that it stands for, by its name", async () => {
    await using bank = await startBank({ asksForCertificates: true });
    await using client = createBankClient({ port: bank.port, tls: { ca: authority, ...pair("alice") } });
    expect(await client.balance()).toMatchObject({ account: "main" });
    expect(await client.accounts()).toMatchObject({ code: "FORBIDDEN" });
  });

  test("knows nobody by a good certificate that stands for no user", async () => {
    await using bank = await startBank({ asksForCertificates: true });
    await using client = createBankClient({ port: bank.port, tls: { ca: authority, ...pair("nobody") } });
    expect(await client.balance("main")).toMatchObject({ code: "AUTH_REQUIRED" });
  });

  test.each([
    ["none", {}],
    ["one of the right name from another authority", pair("stranger")],
    ["one that has expired", pair("expired-alice")],
  ])("closes on who has %s", async (_what, own) => {
    await using bank = await startBank({ asksForCertificates: true });
    // In TLS 1.3 a client is done before the server has seen its certificate: it hears of it with the first read.
    const heard = await connectTcp({ port: bank.port, tls: { ca: authority, ...own }, connectTimeoutMs: 30_000 })
      .then(async (connection) => {
        void connection.write(new TextEncoder().encode("hello bank/1\n"));
        return connection.read();
      })
      .catch(() => undefined);
    expect(heard).toBeUndefined();
    expect(bank.server.stats()).toMatchObject({ requests: 0, accepted: 0 });
    expect(bank.server.stats().refused["handshake-failed"]).toBeGreaterThan(0);
  });
});

test("a certificate that is changed counts from the next connection on", async () => {
  await using bank = await startBank();
  const subjectSerial = () =>
    new Promise<string>((resolve, reject) => {
      const socket = connectTls({ port: bank.port, ca: authority, servername: "localhost" }, () => {
        resolve(socket.getPeerCertificate().serialNumber);
        socket.destroy();
      });
      socket.on("error", reject);
    });
  const before = await subjectSerial();
  bank.server.setCertificate(pair("renewed"));
  expect(await subjectSerial()).not.toBe(before);
});

const elsewhere = Object.values(networkInterfaces())
  .flat()
  .find((each) => each?.family === "IPv4" && !each.internal)?.address;

test.runIf(elsewhere !== undefined)(
  "without users, who comes from elsewhere is nobody, in either dialect",
  async () => {
    const tls = { ...pair("server") };
    await using server = await createBankServer({ ledger: stillLedger(), host: "0.0.0.0", port: 0, tls });
    const say = async (host: string) => {
      const target = { host, port: server.port, tls: { ca: authority, serverName: "localhost" } };
      await using connection = await connectTcp(target);
      void connection.write(new TextEncoder().encode("check_balance\nhello bank/1\nbalance\n"));
      connection.end();
      let said = "";
      for (let bytes = await connection.read(); bytes !== undefined; bytes = await connection.read()) {
        said += new TextDecoder().decode(bytes);
      }
      return said.replace(/ kind=.*/, "");
    };
    const required = "BAD AUTH_REQUIRED :Authenticate first.\n";
    expect(await say(elsewhere!)).toBe(`${required}OK HELLO protocol=bank/1\n${required}`);
    expect(await say("127.0.0.1")).toMatch(
      /^Your balance is: \$1000\nOK HELLO protocol=bank\/1 principal=local role=operator\n/,
    );
  },
);

test("TLS 1.2 is refused", async () => {
  await using bank = await startBank();
  const code = await new Promise<unknown>((resolve) => {
    const socket = connectTls({ port: bank.port, ca: authority, servername: "localhost", maxVersion: "TLSv1.2" });
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code));
    socket.on("secureConnect", () => resolve("connected"));
  });
  expect(code).toBe("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION");
});

test("plain text on the TLS port is closed without an answer in it, and runs nothing", async () => {
  await using bank = await startBank();
  await using raw = await connectRaw(bank.port);
  raw.send("deposit 5\nhello bank/1\ndeposit 5 id=a\n");
  const said = await raw.readToEnd().catch(() => "");
  expect(said).not.toMatch(/Deposited|OK|AUTH/); // a TLS alert at most
  expect(bank.server.stats().refused["not-tls"]).toBe(1);
});

/** What openssl's client, given these lines, prints: the bank's lines among it. */
function sClient(port: number, args: readonly string[], input: string): Promise<string> {
  return new Promise((resolve) => {
    const child = execFile(
      "openssl",
      ["s_client", "-connect", `127.0.0.1:${port}`, "-CAfile", path("authority"), "-quiet", "-no_ign_eof", ...args],
      { timeout: 10_000 },
      (_error, stdout, stderr) => resolve(stdout + stderr),
    );
    child.stdin!.on("error", () => {});
    let output = "";
    child.stdout!.on("data", (text: string) => {
      output += text;
      if (output.includes("BYE")) child.stdin!.end();
    });
    child.stdin!.write(input);
  });
}
const hasOpenssl = await new Promise<boolean>((resolve) => {
  execFile("openssl", ["version"], (error) => resolve(error === null));
});

describe.runIf(hasOpenssl)("openssl s_client", () => {
  test("talks to the bank over TLS 1.3", async () => {
    await using bank = await startBank();
    const said = await sClient(
      bank.port,
      ["-tls1_3", "-verify_return_error"],
      "hello bank/1\n#1 ping\n#2 balance main\n#3 quit\n",
    );
    expect(said).toContain(
      "OK HELLO protocol=bank/1\n#1 OK PONG\n#2 BAD AUTH_REQUIRED :Authenticate first.\n#3 OK BYE\n",
    );
  });

  test("is who its certificate stands for", async () => {
    await using bank = await startBank({ asksForCertificates: true });
    const own = ["-cert", path("alice"), "-key", path("alice-key")];
    const said = await sClient(bank.port, own, "hello bank/1\n#3 quit\n");
    expect(said).toContain("OK HELLO protocol=bank/1 principal=alice role=customer\n");
  });

  test("gets an alert for TLS 1.2, and nothing with an expired certificate", async () => {
    await using bank = await startBank({ asksForCertificates: true });
    expect(await sClient(bank.port, ["-tls1_2"], "")).toMatch(/alert protocol version/i);
    const own = ["-cert", path("expired-alice"), "-key", path("expired-alice-key")];
    expect(await sClient(bank.port, own, "hello bank/1\n")).not.toContain("OK");
  });
});
