import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clientOf, startTestControl, startTestDatabase, type TestDatabase } from "./test-control.ts";
import { connectReplica } from "./test-replica.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(() => database.stop());

describe("a first start", () => {
  test("makes revision 1 of the rules folder, every module at legacy, and moves a module on request", async () => {
    await using control = await disposable("first");
    const client = clientOf(control);
    const status = await client.get("/status");
    expect(status.body).toMatchObject({ revision: 1, kind: "seed", acknowledged: { by: 0, of: 0 } });
    expect(status.etag).toBe('"1"');
    const replica = await connectReplica(control.url, "proxy-1");
    await replica.until(1);
    const moved = await client.post("/modules/lab/stage", { stage: { name: "shadow" }, reason: "first try" });
    expect(moved).toMatchObject({
      status: 200,
      body: { revision: 2, from: { name: "legacy" }, to: { name: "shadow" } },
    });
    await replica.until(2);
    expect(replica.revisions.at(-1)?.modules["lab"]).toEqual({ stage: { name: "shadow" }, epoch: 0 });
    replica.disconnect();
  });
});

async function disposable(name: string) {
  const control = await startTestControl(database.url(name));
  return { ...control, [Symbol.asyncDispose]: () => control.close() };
}
