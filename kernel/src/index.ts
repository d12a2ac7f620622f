/** What every package of the project stands on. It imports none of them. */

export { type Clock, fixedClock, systemClock } from "./clock.ts";
export { type Config, childEnvironment, configHelp, readConfig } from "./config.ts";
export { AppError, type AppErrorInit, describeError } from "./errors.ts";
export { bindPort, type Listening, type ListenOptions, listen } from "./http-server.ts";
export { createLogger, type LogFields, type Logger, type LogLevel, loggedFields } from "./logger.ts";
export { type ReadyMessage, type Running, runUntilSignal } from "./process-shell.ts";
export { type Pseudonym, pseudonymWith } from "./pseudonym.ts";
export { type Random, seededRandom } from "./random.ts";
