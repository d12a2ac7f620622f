/** The listening TDS server: accepts clients, keeps count of them, and lets them go when it closes. */

import { createServer, type Server } from "node:net";
import { createSecureContext } from "node:tls";
import { bindPort, type Logger } from "@banyan/kernel";
import type { SqlBackend } from "../contract.ts";
import * as limits from "../limits.ts";
import { Connection } from "./connection.ts";
import type { EncryptMode } from "./prelogin.ts";

export type TdsServerOptions = {
  readonly backend: SqlBackend;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Configuration variable of the port, for the message when it is taken. */
  readonly portVariable?: string;
  /** PEM; without it no encryption is offered. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Default: what the client asks for. */
  readonly encrypt?: EncryptMode;
  /** What errors name as their server. */
  readonly serverName?: string;
  readonly limits?: { readonly connectionsMax?: number; readonly loginMsMax?: number };
  readonly logger?: Logger;
};

export type TdsServer = {
  readonly port: number;
  /** Logged-in sessions. */
  readonly connections: number;
  /** Cuts `count` connections (all when left out), the oldest first, as a network failure would. @returns how many */
  dropConnections(count?: number): number;
  /** Stops accepting and cuts what is left; resolves when every session is closed. */
  close(): Promise<void>;
};

/** @throws AppError PORT_TAKEN, LISTEN_FAILED */
export async function createTdsServer(options: TdsServerOptions): Promise<TdsServer> {
  const open = new Set<Connection>();
  const sessions = (): number => [...open].filter((connection) => connection.session).length;
  const connectionsMax = options.limits?.connectionsMax ?? limits.connectionsMax;
  // SQL Server ends TDS 7.x handshakes at TLS 1.2; see transport.ts.
  const secureContext = options.tls && createSecureContext({ ...options.tls, maxVersion: "TLSv1.2" });
  const listener = createServer((socket) => {
    if (open.size >= limits.socketsMax) {
      socket.destroy();
      return;
    }
    const connection = new Connection(socket, {
      backend: options.backend,
      serverName: options.serverName ?? "localhost",
      encrypt: options.encrypt ?? "optional",
      secureContext,
      loginMsMax: options.limits?.loginMsMax ?? limits.loginMsMax,
      logger: options.logger,
      admit: () => sessions() < connectionsMax,
    });
    open.add(connection);
    void connection.closed.finally(() => open.delete(connection));
  });
  const port = await bindPort(listener, {
    host: options.host,
    port: options.port,
    name: "SQL Server look-alike",
    portVariable: options.portVariable ?? "LEGACY_SQL_PORT",
  });
  return {
    port,
    get connections() {
      return sessions();
    },
    dropConnections(count = open.size) {
      const dropped = [...open].slice(0, count);
      for (const connection of dropped) connection.destroy("dropped on demand");
      return dropped.length;
    },
    close: () => close(listener, open),
  };
}

async function close(listener: Server, open: ReadonlySet<Connection>): Promise<void> {
  const stopped = new Promise<void>((resolve, reject) => {
    listener.close((error) => (error ? reject(error) : resolve()));
  });
  const connections = [...open];
  for (const connection of connections) connection.destroy("the server closes");
  await Promise.all([stopped, ...connections.map((connection) => connection.closed)]);
}
