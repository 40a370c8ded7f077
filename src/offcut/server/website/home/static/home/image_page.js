// @ts-check
/** The page of one image: takes the place of what stands there without scripts. */

import { Result } from "./result.js";
import { given } from "./words.js";

const root = document.getElementById("result");
if (root) {
  document.getElementById("plain")?.remove();
  new Result(root, given("result-words"), given("result-data")).fromImage(given("result-image"));
}
