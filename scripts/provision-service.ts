/**
 * Makes the database, logins and schema of one extracted service and ends; run again it only sets the passwords. What
 * `npm start` does for the embedded default, for a PostgreSQL of a site's own: DATABASE_URL (a login that may make roles and
 * databases), PROVISION_SERVICE, SERVICE_DATABASE_PASSWORD, SYNC_DATABASE_PASSWORD.
 */

import { AppError, type Config, describeError, readConfig } from "@banyan/kernel";
import { provisionService } from "@banyan/migrations";

try {
  const config = readConfig();
  const { applied } = await provisionService({
    adminUrl: required(config, "DATABASE_URL"),
    service: required(config, "PROVISION_SERVICE"),
    servicePassword: required(config, "SERVICE_DATABASE_PASSWORD"),
    syncPassword: required(config, "SYNC_DATABASE_PASSWORD"),
  });
  process.stdout.write(`${config.PROVISION_SERVICE}: ${applied.length} migrations applied\n`);
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`);
  process.exitCode = 1;
}

function required(
  config: Config,
  name: "DATABASE_URL" | "PROVISION_SERVICE" | "SERVICE_DATABASE_PASSWORD" | "SYNC_DATABASE_PASSWORD",
): string {
  const value = config[name];
  if (value !== undefined) return value;
  throw new AppError({
    code: "CONFIG_INVALID",
    op: "provision a service",
    message: `${name} is not set`,
    hint: "docs/OPERATIONS.md lists what each process needs.",
  });
}
