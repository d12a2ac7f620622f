/** A database of the server as its sessions share it: names, address in the engine, and the catalog of what is committed. */

import { type Catalog, loadCatalog } from "../translate/index.ts";
import { PgConnection } from "./pg-connection.ts";

export class Database {
  /** As spelled when it was made. */
  readonly name: string;
  readonly physical: string;
  readonly url: string;
  /** Grows with each committed change of tables, columns or names. */
  version = 1;
  private catalog: Catalog | undefined;
  private loading: Promise<Catalog> | undefined;

  constructor(name: string, url: string) {
    this.name = name;
    this.physical = name.toLowerCase();
    this.url = url;
  }

  /** What is committed, when it is known; loading is asynchronous. */
  get committed(): Catalog | undefined {
    return this.catalog;
  }

  /** @param through a connection that sees what is committed now; without one a connection is opened for it */
  async load(through?: PgConnection): Promise<Catalog> {
    while (!this.catalog) {
      const version = this.version;
      this.loading ??= this.read(through).finally(() => {
        this.loading = undefined;
      });
      const catalog = await this.loading;
      if (version === this.version) this.catalog = catalog;
    }
    return this.catalog;
  }

  /** Tables, columns or names changed and the change is committed. */
  invalidate(): void {
    this.version += 1;
    this.catalog = undefined;
    this.loading = undefined;
  }

  private async read(through: PgConnection | undefined): Promise<Catalog> {
    const connection = through ?? (await PgConnection.open(this.url, "banyan catalog"));
    try {
      return await loadCatalog((sql) => connection.rows(sql));
    } finally {
      if (!through) await connection.close();
    }
  }
}
