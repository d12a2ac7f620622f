/** Access tokens, kept as SHA-256 of 256 random bits: the text is shown once and never stored. */

import { createHash, randomBytes } from "node:crypto";
import type { Knex } from "knex";
import type { Role } from "../access/role.ts";

export type TokenEntry = {
  readonly name: string;
  readonly role: Role;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
};

type Row = {
  name: string;
  role: Role;
  hash: string;
  created_by: string;
  created_at: Date;
  expires_at: Date | null;
  revoked_at: Date | null;
};

export function tokenHash(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/** @returns the token's text, undefined when the name is taken. */
export async function createToken(
  db: Knex,
  token: {
    readonly name: string;
    readonly role: Role;
    readonly createdBy: string;
    readonly now: Date;
    readonly expiresAt: Date | null;
  },
): Promise<string | undefined> {
  const text = `banyan_${randomBytes(32).toString("base64url")}`;
  const inserted = (await db("tokens")
    .insert({
      name: token.name,
      role: token.role,
      hash: tokenHash(text),
      created_by: token.createdBy,
      created_at: token.now,
      expires_at: token.expiresAt,
    })
    .onConflict("name")
    .ignore()
    .returning("name")) as unknown[];
  return inserted.length === 1 ? text : undefined;
}

/** @returns undefined for a token that is unknown, expired or revoked. */
export async function findToken(db: Knex, text: string, now: Date): Promise<TokenEntry | undefined> {
  const row = await db<Row>("tokens")
    .where({ hash: tokenHash(text) })
    .whereNull("revoked_at")
    .whereRaw("(expires_at IS NULL OR expires_at > ?)", [now])
    .first();
  return row && entryOf(row);
}

export async function listTokens(db: Knex, limit: number): Promise<TokenEntry[]> {
  return (await db<Row>("tokens").orderBy("name").limit(limit)).map(entryOf);
}

export async function countTokens(db: Knex): Promise<number> {
  const row = (await db("tokens").whereNull("revoked_at").count("* as count").first()) as { count: string } | undefined;
  return Number(row?.count ?? 0);
}

export async function revokeToken(db: Knex, name: string, now: Date): Promise<boolean> {
  return (await db("tokens").where({ name }).whereNull("revoked_at").update({ revoked_at: now })) === 1;
}

function entryOf(row: Row): TokenEntry {
  return {
    name: row.name,
    role: row.role,
    createdBy: row.created_by,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
  };
}
