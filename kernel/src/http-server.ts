/** Opens a listening HTTP server and closes it without cutting answers short; a taken port is explained, not thrown raw. */

import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo, Server as NetServer } from "node:net";
import { AppError } from "./errors.ts";

export type ListenOptions = {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** What listens, for messages: `legacy web`. */
  readonly name: string;
  /** The configuration variable that changes the port, for messages: `LEGACY_WEB_PORT`. */
  readonly portVariable: string;
};

export type Listening = { readonly url: string; readonly port: number; close(): Promise<void> };

/** Serves `handler`. `close()` stops accepting, ends idle connections and waits for running answers. @throws AppError PORT_TAKEN, LISTEN_FAILED */
export async function listen(
  handler: RequestListener,
  options: ListenOptions,
): Promise<Listening & { server: Server }> {
  const server = createServer(handler);
  const port = await bindPort(server, options);
  return {
    server,
    port,
    url: `http://${options.host}:${port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeIdleConnections();
      }),
  };
}

/** Binds any TCP server and gives back its port. @throws AppError PORT_TAKEN, LISTEN_FAILED */
export function bindPort(server: NetServer, options: ListenOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      const taken = error.code === "EADDRINUSE";
      reject(
        new AppError({
          code: taken ? "PORT_TAKEN" : "LISTEN_FAILED",
          op: `start ${options.name}`,
          message: taken
            ? `port ${options.port} on ${options.host} is already in use`
            : `cannot listen on ${options.host}:${options.port} (${error.code ?? error.message})`,
          hint: taken
            ? `Stop what is using the port, perhaps another instance, or choose another one: ${options.portVariable}=<port> npm start`
            : `Set ${options.portVariable} to a port this user may open.`,
          cause: error,
        }),
      );
    };
    server.once("error", onError);
    server.listen(options.port, options.host, () => {
      server.off("error", onError);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
