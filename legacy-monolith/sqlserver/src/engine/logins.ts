/**
 * SQL log-ins. The engine's maintenance database keeps for each a salted verifier (PBKDF2-SHA-256, as SCRAM derives it:
 * RFC 5802 section 3), never the password.
 */

import { createHmac, createHash, pbkdf2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { sqlErrors } from "./messages.ts";
import { type EngineUrl, onEngine } from "./engine-databases.ts";

const iterations = 4096;
const derive = promisify(pbkdf2);

type Verifier = { readonly salt: Buffer; readonly rounds: number; readonly verifier: Buffer };

export class Logins {
  private readonly url: EngineUrl;
  /** By name in lower case; this process is the only one that makes log-ins. */
  private readonly known = new Map<string, Verifier>();

  constructor(url: EngineUrl) {
    this.url = url;
  }

  /** Makes the table, and the administrator with this password. */
  async prepare(administrator: string, password: string): Promise<void> {
    await onEngine(this.url, (engine) =>
      engine.script(`CREATE TABLE IF NOT EXISTS sim_logins (
        name text PRIMARY KEY, salt bytea NOT NULL, iterations int NOT NULL, verifier bytea NOT NULL)`),
    );
    const rows = await onEngine(this.url, (engine) =>
      engine.rows("SELECT name, encode(salt, 'hex'), iterations, encode(verifier, 'hex') FROM sim_logins"),
    );
    for (const [name, salt, rounds, verifier] of rows) {
      const [saltBytes, verifierBytes] = [Buffer.from(salt ?? "", "hex"), Buffer.from(verifier ?? "", "hex")];
      this.known.set(name ?? "", { salt: saltBytes, rounds: Number(rounds), verifier: verifierBytes });
    }
    if (!(await this.accepts(administrator, password))) await this.store(administrator, password);
  }

  /** @throws SqlError 15025 */
  async create(name: string, password: string): Promise<void> {
    if (this.known.get(name.toLowerCase())) throw sqlErrors.loginExists(name);
    await this.store(name, password);
  }

  async accepts(name: string, password: string): Promise<boolean> {
    const found = this.known.get(name.toLowerCase());
    // A name that does not exist takes as long as a wrong password.
    const { salt, rounds, verifier } = found ?? {
      salt: Buffer.alloc(16),
      rounds: iterations,
      verifier: Buffer.alloc(32),
    };
    const matches = timingSafeEqual(await verifierOf(password, salt, rounds), verifier);
    return matches && found !== undefined;
  }

  private async store(name: string, password: string): Promise<void> {
    const salt = randomBytes(16);
    const verifier = await verifierOf(password, salt, iterations);
    await onEngine(this.url, (engine) =>
      engine.rows(
        `INSERT INTO sim_logins VALUES ($1, decode($2, 'hex'), $3::int4, decode($4, 'hex'))
         ON CONFLICT (name) DO UPDATE SET salt = excluded.salt, iterations = excluded.iterations, verifier = excluded.verifier`,
        [name.toLowerCase(), salt.toString("hex"), String(iterations), verifier.toString("hex")],
      ),
    );
    this.known.set(name.toLowerCase(), { salt, rounds: iterations, verifier });
  }
}

async function verifierOf(password: string, salt: Buffer, rounds: number): Promise<Buffer> {
  const salted = await derive(password, salt, rounds, 32, "sha256");
  return createHash("sha256").update(createHmac("sha256", salted).update("Client Key").digest()).digest();
}
