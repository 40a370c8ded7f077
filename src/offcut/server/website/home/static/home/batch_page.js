// @ts-check
/** The page of a batch: takes the place of what stands there without scripts. */

import { Bulk } from "./bulk.js";
import { given } from "./words.js";

const root = document.getElementById("batch");
if (root) {
  document.getElementById("plain")?.remove();
  new Bulk(root, given("batch-words"), given("batch-data")).resume(given("batch-batch"));
}
