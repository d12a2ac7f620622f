/** The simulated server behind the wire: log-ins, databases, faults, and the sessions that are open. */

import type { Logger } from "@banyan/kernel";
import type { LoginRequest, SqlBackend, SqlSession, SqlValue } from "../contract.ts";
import { SqlError } from "../contract.ts";
import { events } from "../events.ts";
import { Database } from "./database.ts";
import { cloneDatabase, createFromTemplate, dropDatabase, type EngineUrl } from "./engine-databases.ts";
import { sqlErrorOf } from "./engine-errors.ts";
import { type Fault, Faults } from "./faults.ts";
import { Logins } from "./logins.ts";
import { sqlErrors } from "./messages.ts";
import { EngineError, PgConnection } from "./pg-connection.ts";
import { Session } from "./session.ts";
import type { SessionCore } from "./session-core.ts";
import type { SystemProcedure } from "./system-procedure.ts";

export type ServerParts = {
  readonly url: EngineUrl;
  /** Declared name by physical name. */
  readonly databases: ReadonlyMap<string, string>;
  readonly procedures: ReadonlyMap<string, SystemProcedure>;
  /** Ends capture's loop of a database, by physical name, so that the database can be copied or dropped. */
  readonly releaseCapture: (physical: string) => Promise<void>;
  readonly logger: Logger;
};

/** SQL Server numbers users' sessions from 51. */
const firstSpid = 51;

export class SimulatedServer implements SqlBackend {
  readonly faults = new Faults();
  readonly logins: Logins;
  readonly procedures: ReadonlyMap<string, SystemProcedure>;
  readonly engineUrl: EngineUrl;
  private readonly releaseCapture: (physical: string) => Promise<void>;
  private readonly logger: Logger;
  private readonly databases = new Map<string, Database>();
  private readonly sessions = new Map<number, Session>();
  /** CREATE, DROP and copies of databases follow one another: a template may have no other user. */
  private databaseWork: Promise<unknown> = Promise.resolve();

  constructor(parts: ServerParts) {
    this.engineUrl = parts.url;
    this.logger = parts.logger;
    this.procedures = parts.procedures;
    this.releaseCapture = parts.releaseCapture;
    this.logins = new Logins(parts.url);
    for (const [physical, name] of parts.databases) this.databases.set(physical, this.newDatabase(name, physical));
  }

  async login(request: LoginRequest): Promise<SqlSession> {
    if (!(await this.logins.accepts(request.user, request.password))) {
      this.logger.info({ event: events.loginRefused });
      throw sqlErrors.loginFailed(request.user);
    }
    const database = this.databases.get((request.database || "master").toLowerCase());
    if (!database) throw sqlErrors.cannotOpenDatabase(request.database);
    const spid = this.freeSpid();
    const connection = await PgConnection.open(database.url, `banyan session ${spid}`);
    const identity = { spid, login: request.user, host: request.host, application: request.application };
    const onClose = (): void => {
      this.sessions.delete(spid);
    };
    const session = new Session({ identity, database, connection, server: this, onClose });
    this.sessions.set(spid, session);
    return session;
  }

  database(name: string): Database | undefined {
    return this.databases.get(name.toLowerCase());
  }

  get databaseNames(): readonly string[] {
    return [...this.databases.values()].map(({ name }) => name);
  }

  /** @throws SqlError 1801 */
  createDatabase(name: string): Promise<void> {
    return this.serially(async () => {
      if (this.database(name)) throw sqlErrors.databaseExists(name);
      await createFromTemplate(this.engineUrl, name);
      this.databases.set(name.toLowerCase(), this.newDatabase(name, name.toLowerCase()));
    });
  }

  /** @throws SqlError 3701, 3702, 3708 */
  dropDatabase(name: string, ifExists: boolean): Promise<void> {
    return this.serially(async () => {
      const database = this.database(name);
      if (!database && ifExists) return;
      if (!database) throw sqlErrors.noDropDatabase(name);
      if (database.physical === "master") throw sqlErrors.systemDatabase(name);
      if (this.isUsed(database)) throw sqlErrors.databaseInUse(database.name);
      await this.releaseCapture(database.physical);
      await dropDatabase(this.engineUrl, database.name);
      this.databases.delete(database.physical);
    });
  }

  /** @throws SqlError 911, 1801, 3702 */
  cloneDatabase(source: string, target: string): Promise<void> {
    return this.serially(async () => {
      const from = this.database(source);
      if (!from) throw sqlErrors.noDatabase(source);
      if (this.database(target)) throw sqlErrors.databaseExists(target);
      if (this.isUsed(from))
        throw new SqlError(3702, 16, `Cannot copy database "${from.name}" because it is currently in use.`);
      await cloneDatabase(this.engineUrl, from.name, target, () => this.releaseCapture(from.physical));
      this.databases.set(target.toLowerCase(), this.newDatabase(target, target.toLowerCase()));
    });
  }

  /** The session goes on in another database, over a new connection. */
  async moveSession(core: SessionCore, database: Database): Promise<void> {
    const { executor, state } = core;
    const before = executor.connection;
    const connection = await PgConnection.open(database.url, `banyan session ${state.identity.spid}`);
    executor.moveTo(database, connection);
    await before.close();
  }

  /** Runs one statement of the engine in a database, outside any session. @throws SqlError what the engine's error means */
  async inDatabase(database: Database, sql: string, values: readonly SqlValue[]): Promise<SqlValue[][]> {
    const connection = await PgConnection.open(database.url, "banyan administration");
    try {
      return await connection.rows(sql, values);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      throw await sqlErrorOf(error, {
        spid: 0,
        database: database.name,
        verb: "ALTER",
        snapshot: false,
        query: (text, parameters) => connection.rows(text, parameters),
      });
    } finally {
      await connection.close();
    }
  }

  faultStruck(fault: Fault): void {
    this.logger.info({ event: events.faultStruck, code: fault.kind });
  }

  private newDatabase(name: string, physical: string): Database {
    return new Database(name, this.engineUrl(physical));
  }

  private isUsed(database: Database): boolean {
    return [...this.sessions.values()].some((session) => session.database === database.name);
  }

  private freeSpid(): number {
    let spid = firstSpid;
    while (this.sessions.has(spid)) spid += 1;
    return spid;
  }

  private serially<T>(work: () => Promise<T>): Promise<T> {
    const done = this.databaseWork.then(work, work);
    this.databaseWork = done.catch(() => undefined);
    return done;
  }
}
