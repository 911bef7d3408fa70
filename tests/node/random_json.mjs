// Random JSON texts with odd white space, escapes, number forms and key orders: the tool's canonical text against
// JSON.parse, sort and JSON.stringify; and canonical text stays as it is.

import { canonical, canonLines, randomBits, Report } from './oracle.mjs';

const TEXTS = 20_000;
const random = randomBits(4627);
const below = (limit) => random() % limit;
const pick = (choices) => choices[below(choices.length)];

// No line feed: it would end the text.
const space = () => (below(3) === 0 ? pick([' ', '\t', '\r', '  ', ' \t ']) : '');

const characters = ['a', 'B', '0', '9', ' ', '/', '"', '\\', '<', '\u0001', '\b', '\t', '\n', '\f', '\r', '\u001f',
  '\u007f', '\u0080', 'é', '\u07ff', '\u0800', '€', '\u2028', '\ud7ff', '\ue000', '\ufb33', '\ufeff', '\uffff',
  '\u{10000}', '😀', '\u{10ffff}'];

const shortEscapes = { '"': '\\"', '\\': '\\\\', '/': '\\/', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r',
  '\t': '\\t' };

function hexEscapes(character) {
  const units = [...Array(character.length).keys()].map((i) => character.charCodeAt(i).toString(16).padStart(4, '0'));
  return units.map((unit) => `\\u${below(2) ? unit : unit.toUpperCase()}`).join('');
}

function characterText() {
  const character = pick(characters);
  const isPlain = character >= ' ' && character !== '"' && character !== '\\';
  if (isPlain && below(3) > 0) return character;
  return character in shortEscapes && below(2) ? shortEscapes[character] : hexEscapes(character);
}

const stringText = (longest) => `"${Array.from({ length: below(longest + 1) }, characterText).join('')}"`;

function numberText() {
  const value = (below(2_000_001) - 1_000_000) * 10 ** (below(60) - 30) * pick([1, 1, 1 / 3]);
  return pick([() => String(value), () => value.toExponential(below(20)), () => value.toExponential(3).replace('e', 'E'),
    () => value.toFixed(below(30)), () => value.toPrecision(1 + below(30))])();
}

function objectText(depth) {
  const members = new Map();
  for (let left = below(7); left > 0; left--) {
    const key = stringText(4);
    if (JSON.parse(key) !== '__proto__') members.set(JSON.parse(key), `${space()}${key}${space()}:${valueText(depth)}`);
  }
  return `{${members.size ? [...members.values()].join(',') : space()}}`;
}

function arrayText(depth) {
  const elements = Array.from({ length: below(6) }, () => valueText(depth));
  return `[${elements.length ? elements.join(',') : space()}]`;
}

function valueText(depth) {
  const kinds = [() => pick(['null', 'true', 'false']), numberText, () => stringText(below(10) ? 6 : 60)];
  if (depth > 0) kinds.push(() => arrayText(depth - 1), () => objectText(depth - 1), () => objectText(depth - 1));
  return `${space()}${pick(kinds)()}${space()}`;
}

const report = new Report();
const texts = Array.from({ length: TEXTS }, () => valueText(5));
const answers = await canonLines(texts);
const again = await canonLines(answers);
for (let i = 0; i < TEXTS; i++) {
  const wanted = canonical(JSON.parse(texts[i]));
  report.check(answers[i] === wanted, () => `${texts[i]}\n  is      ${answers[i]}\n  not     ${wanted}`);
  report.check(again[i] === answers[i], () => `${answers[i]}\n  became  ${again[i]}`);
}
const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
report.end('random_json', `${TEXTS} texts, ${bytes} bytes`);
