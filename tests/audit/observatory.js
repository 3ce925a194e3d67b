// What MDN's HTTP Observatory says of a server on loopback: its own retrieval, tests and marks, as
// its `scan` puts them together, which takes no ports.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [packages, httpPort, httpsPort, path] = process.argv.slice(2);
const observatory = join(packages, "@mdn", "mdn-http-observatory");
const load = (file) => import(pathToFileURL(join(observatory, "src", file)));

// The list of preloaded hosts is fetched after an installation from npm; localhost is not on it.
writeFileSync(join(observatory, "conf", "hsts-preload.json"), "{}");

const { retrieve } = await load("retriever/retriever.js");
const { ALL_TESTS } = await load("constants.js");
const { getGradeForScore, getScoreModifier } = await load("grader/grader.js");
const { MINIMUM_SCORE_FOR_EXTRA_CREDIT } = await load("grader/charts.js");

const seen = await retrieve("localhost", { httpPort, httpsPort, path });
const tests = ALL_TESTS.map((test) => test(seen)).map((told) => ({
  name: told.constructor.name, pass: told.pass, result: told.result, points: getScoreModifier(told.result),
}));
const sum = (points) => points.reduce((total, one) => total + one, 100);
const plain = sum(tests.map((test) => Math.min(0, test.points)));
const score = plain >= MINIMUM_SCORE_FOR_EXTRA_CREDIT ? sum(tests.map((test) => test.points)) : plain;
console.log(JSON.stringify({ ...getGradeForScore(score), tests }));
