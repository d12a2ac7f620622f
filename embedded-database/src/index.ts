/** PostgreSQL as a child process, from the binaries that npm brings. */

export { type EmbeddedPostgres, type EmbeddedPostgresOptions, startEmbeddedPostgres } from "./cluster.ts";
