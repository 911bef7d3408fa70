// JSON Patches against npm's `fast-json-patch`: random documents, changed a little or not related at all; what it makes
// of BEFORE by our patch is AFTER, and our patch is not much longer than its own. It compares elements by their index
// only, replaces no whole array or object, and cannot compare other roots, where it is given the replacement.

import { spawnSync } from 'node:child_process';
import jsonPatch from 'fast-json-patch';
import { canonical, randomBits, Report, tool } from './oracle.mjs';

const PAIRS = 12_000;
const report = new Report();
const random = randomBits(6902);
const below = (limit) => random() % limit;
const pick = (choices) => choices[below(choices.length)];
const times = (count, make) => Array.from({ length: count }, make);

// ---- Documents

const characters = ['a', 'B', '0', '-', ' ', '/', '~', '"', '\\', '\u0001', '\b', '\n', 'é', '€', '\ue000', '\uffff', '😀'];
const words = ['id', 'name', 'done', 'items', 'a/b', 'm~n', '', '0', '1', '10', 'constructor', '~1'];

const text = (longest) => times(below(longest + 1), () => pick(characters)).join('');
const key = () => (below(3) ? pick(words) : text(4));
const number = () => pick([() => below(5), () => below(1e6), () => -below(1000) / 8, () => 1e21 * below(9)])();
const scalar = () => pick([() => null, () => true, () => false, number, number, () => text(8), () => text(40)])();

function value(depth) {
  if (depth === 0 || below(4) === 0) return scalar();
  if (below(2)) return times(below(8), () => value(depth - 1));
  return Object.fromEntries(times(below(6), () => [key(), value(depth - 1)]));
}

// What pages hold: lists of records.
const records = () => times(below(25), (_, id) => ({ id, title: text(20), done: below(2) === 0, tags: times(below(4), () => below(5)) }));

// ---- Changes

const place = (list) => below(list.length + 1);

const arrayChanges = [
  (list, depth) => list.splice(place(list), 0, value(depth)),
  (list) => list.splice(place(list), 1 + below(2)),
  (list) => list.push(...list.splice(0, 1)),
  (list) => list.reverse(),
  (list) => list.splice(place(list), below(3), ...times(below(3), scalar)),
];

const objectChanges = [
  (object, depth) => { object[key()] = value(depth); },
  (object) => { delete object[pick(Object.keys(object))]; },
];

// Changes something in a document of arrays and objects; returns what stands in its place.
function change(document, depth = 3) {
  if (document === null || typeof document !== 'object') return below(3) ? scalar() : value(depth);
  const keys = Object.keys(document);
  if (keys.length > 0 && below(3) > 0) {
    const chosen = pick(keys);
    document[chosen] = change(document[chosen], depth - (depth > 0));
  } else {
    pick(Array.isArray(document) ? arrayChanges : objectChanges)(document, depth);
  }
  return document;
}

function pairOfDocuments() {
  const before = below(3) ? value(5) : records();
  if (below(5) === 0) return [before, value(5)];
  let after = structuredClone(before);
  for (let left = below(5); left > 0; left--) after = change(after);
  return [before, after];
}

// ---- Patches

function patchLines(lines, ...options) {
  const run = spawnSync(tool, options, { input: lines.join('\n') + '\n', encoding: 'utf8', maxBuffer: 1 << 30 });
  if (run.error) throw run.error;
  const patches = run.stdout.split('\n').slice(0, -1);
  report.check(run.status === 0 && patches.length === lines.length, () => `${patches.length} patches, status ${run.status}`);
  return patches;
}

const isContainer = (document) => document !== null && typeof document === 'object';

function theirPatch(before, after) {
  const comparable = isContainer(before) && isContainer(after) && Array.isArray(before) === Array.isArray(after);
  if (comparable) return jsonPatch.compare(before, after);
  return canonical(before) === canonical(after) ? [] : [{ op: 'replace', path: '', value: after }];
}

const bytes = (patch) => Buffer.byteLength(patch);

function checkApplied(before, after, patch) {
  let result;
  try {
    result = canonical(jsonPatch.applyPatch(before, JSON.parse(patch), true, false).newDocument);
  } catch (error) {
    result = String(error);
  }
  report.check(result === canonical(after), () =>
    `${canonical(before)}\n  became  ${result}\n  not     ${canonical(after)}\n  by      ${patch}`);
}

const pairs = times(PAIRS, pairOfDocuments);
const lines = pairs.map((pair) => pair.map((document) => JSON.stringify(document)).join('\t'));
const patches = patchLines(lines);
let ours = 0, theirs = 0, longer = 0, worst = 1;
pairs.forEach(([before, after], i) => {
  checkApplied(before, after, patches[i]);
  const mine = bytes(patches[i]), other = bytes(JSON.stringify(theirPatch(before, after)));
  ours += mine;
  theirs += other;
  longer += mine > other;
  worst = Math.max(worst, mine / other);
});
report.check(ours < theirs, () => `our patches take ${ours} bytes, those of fast-json-patch ${theirs}`);

// A cap that every second patch exceeds: shorter ones are as they were, and none is longer.
const cap = patches.map(bytes).sort((a, b) => a - b)[PAIRS >> 1];
patchLines(lines, cap).forEach((capped, i) => {
  const fits = bytes(patches[i]) <= cap;
  report.check(capped === (fits ? patches[i] : 'error: limit'), () => `cap ${cap}: ${patches[i]}\n  became ${capped}`);
});

report.end('patch', `${PAIRS} pairs, ${ours} bytes against ${theirs} of fast-json-patch (${(ours / theirs).toFixed(2)}), ` +
  `${longer} patches longer than its, at most ${worst.toFixed(2)} times`);
