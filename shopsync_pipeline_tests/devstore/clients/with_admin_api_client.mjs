// Uses the npm package @shopify/admin-api-client as it comes: creates, pages, updates, is throttled; prints JSON.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [port, token, folder] = process.argv.slice(2);
const documents = JSON.parse(readFileSync(new URL("./documents.json", import.meta.url), "utf-8"));
// A refused mutation keeps its ten points, so this takes 950 of the 2,000 every time.
const row = (_, n) => `d${n}: productDelete(input: {id: "gid://shopify/Product/1"}) { deletedProductId }`;
documents.drain = `mutation Drain { ${Array.from({ length: 95 }, row).join(" ")} }`;
const installed = createRequire(pathToFileURL(`${folder}/`)).resolve("@shopify/admin-api-client");
const { createAdminApiClient } = await import(pathToFileURL(installed));

const client = createAdminApiClient({
  storeDomain: `127.0.0.1:${port}`,
  apiVersion: "2026-10",
  accessToken: token,
});
const ask = (name, variables) => client.request(documents[name], { variables });

const created = [];
for (let n = 0; n < 5; n += 1) {
  const { data } = await ask("create", { input: { title: `Product ${n}` } });
  created.push(data.productSet.product.id);
}

const titles = [];
let after;
do {
  const { data } = await ask("page", { after });
  titles.push(...data.products.nodes.map((node) => node.title));
  after = data.products.pageInfo.hasNextPage ? data.products.pageInfo.endCursor : null;
} while (after);

const { data } = await ask("update", { product: { id: created[0], vendor: "Third party" } });

const codes = new Set();
for (let n = 0; n < 4; n += 1) {
  const { errors } = await ask("drain");
  for (const error of errors?.graphQLErrors ?? []) codes.add(error.extensions.code);
}
await fetch(`https://127.0.0.1:${port}/__devstore/settings`, { method: "POST", body: JSON.stringify({ plan: "plus" }) });
const again = await ask("drain");

console.log(
  JSON.stringify({
    created,
    titles,
    updated: data.productUpdate,
    throttled: [...codes].sort(),
    after_the_wait: again.errors === undefined,
  }),
);
