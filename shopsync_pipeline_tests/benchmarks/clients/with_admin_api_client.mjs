// Updates products with the npm package @shopify/admin-api-client, one after the other or some at once; prints JSON.
// Its retries (three, the most it takes) are for 429 and 503: a THROTTLED answer comes with status 200 and is none.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [file, folder] = process.argv.slice(2);
const work = JSON.parse(readFileSync(file, "utf-8"));
const installed = createRequire(pathToFileURL(`${folder}/`)).resolve("@shopify/admin-api-client");
const { createAdminApiClient } = await import(pathToFileURL(installed));
const client = createAdminApiClient({
  storeDomain: `127.0.0.1:${work.port}`,
  apiVersion: "2026-10",
  accessToken: work.token,
  retries: 3,
});

const results = {};
const started = performance.now();
const queue = work.products.values();
const update = async () => {
  for (const product of queue) {
    let word = "not sent";
    if (performance.now() - started < work.patience * 1000) {
      const { errors } = await client.request(work.document, { variables: { product } });
      word = errors ? (errors.graphQLErrors?.[0]?.extensions?.code ?? "error") : "done";
    }
    results[word] = (results[word] ?? 0) + 1;
  }
};
await Promise.all(Array.from({ length: work.at_once }, update));
const { user, system } = process.cpuUsage();
console.log(JSON.stringify({ seconds: (performance.now() - started) / 1000, processor: (user + system) / 1e6, results }));
