// Numbers against this engine's own: more than a million doubles, chosen by bit pattern, each fed to
// `ssrstore canon --lines` in one of several decimal forms and compared with String(x).

import { canonLines, randomBits, Report } from './oracle.mjs';

const CHUNK = 100_000;

const view = new DataView(new ArrayBuffer(8));

function fromBits(bits) {
  view.setBigUint64(0, BigInt.asUintN(64, bits));
  return view.getFloat64(0);
}

function toBits(value) {
  view.setFloat64(0, value);
  return view.getBigUint64(0);
}

function* neighbours(value, distance) {
  const bits = toBits(value);
  for (let delta = -distance; delta <= distance; delta++) yield fromBits(bits + BigInt(delta));
}

function* powersOfTwo() {
  for (let exponent = -1074; exponent <= 1023; exponent++) yield* neighbours(2 ** exponent, 8);
}

function* powersOfTen() {
  for (let exponent = -323; exponent <= 308; exponent++) yield* neighbours(Number(`1e${exponent}`), 30);
}

function* subnormals() {
  for (let bits = 1n; bits <= 20_000n; bits++) yield fromBits(bits);
  for (let bits = -10_000n; bits <= 10_000n; bits++) yield fromBits(0x0010000000000000n + bits);
}

function* integers() {
  for (let delta = -20_000; delta <= 20_000; delta++) yield 2 ** 53 + delta;
  for (let delta = -1000; delta <= 1000; delta++) yield* [2 ** 63 + delta * 1024, 2 ** 64 + delta * 2048];
  for (let integer = -20_000; integer <= 20_000; integer++) yield integer;
}

// Few digits and a point somewhere: what people write.
function* shortDecimals(random) {
  for (let i = 0; i < 100_000; i++) yield Number(`${random() % 1_000_000}e${(random() % 40) - 25}`);
}

function* randomPatterns(random) {
  for (let i = 0; i < 900_000; i++) yield fromBits((BigInt(random()) << 32n) | BigInt(random()));
}

function* all() {
  const random = randomBits(8785);
  yield* [0, -0, Number.MAX_VALUE, -Number.MAX_VALUE, Number.MIN_VALUE, Number.EPSILON, 0.1, 0.2, 0.1 + 0.2];
  yield* powersOfTwo();
  yield* powersOfTen();
  yield* subnormals();
  yield* integers();
  yield* shortDecimals(random);
  yield* randomPatterns(random);
}

// Each of these reads back as the same double.
const forms = [(x) => String(x), (x) => x.toPrecision(17), (x) => x.toExponential(20), (x) => x.toExponential(16)];

const report = new Report();
let count = 0;

async function compare(values) {
  const texts = values.map((value, i) => forms[(count + i) % forms.length](value));
  const answers = await canonLines(texts);
  for (let i = 0; i < values.length; i++)
    report.check(answers[i] === String(values[i]), () => `${texts[i]}: ${answers[i]} instead of ${values[i]}`);
  count += values.length;
}

let values = [];
for (const value of all()) {
  if (!Number.isFinite(value)) continue;
  values.push(value);
  if (values.length === CHUNK) {
    await compare(values);
    values = [];
  }
}
await compare(values);
report.check(count >= 1_000_000, () => 'fewer than a million numbers');
report.end('numbers', `${count} doubles compared`);
