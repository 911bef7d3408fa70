// Canonical JSON: the same text as the server's. values.json is read by the tests of the C library as well.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { stringify } from 'ssrstore';
import { codeOf } from './helpers.mjs';

const values = JSON.parse(readFileSync(new URL('values.json', import.meta.url), 'utf8'));

test('thirty values have the canonical text of RFC 8785', () => {
  assert.equal(values.length, 30);
  for (const { text, canonical } of values) assert.equal(stringify(JSON.parse(text)), canonical, text);
});

test('canonical text is a fixed point', () => {
  for (const { canonical } of values) assert.equal(stringify(JSON.parse(canonical)), canonical);
});

test('the order in which members were made does not matter, that of elements does', () => {
  assert.equal(stringify({ b: 1, a: { d: 1, c: 2 } }), stringify({ a: { c: 2, d: 1 }, b: 1 }));
  assert.notEqual(stringify([1, 2]), stringify([2, 1]));
  assert.equal(stringify([['Ideas', '/ideas'], ['One']]), '[["Ideas","/ideas"],["One"]]');
});

test('what JSON does not have is treated as JSON.stringify does', () => {
  for (const value of [
    { a: undefined, b: () => 1, c: Symbol('s'), d: 1 },
    [undefined, () => 1, Symbol('s'), , 1],
    new Date(0),
    { at: new Date(0) },
    undefined,
    { nested: { toJSON: () => ({ a: 1 }) } },
    { toJSON: 'a member like any other' },
  ]) {
    assert.equal(stringify(value), JSON.stringify(value));
  }
});

test('what the server refuses is refused by the same name', () => {
  const nested = (depth) => JSON.parse('['.repeat(depth) + ']'.repeat(depth));
  const cycle = {};
  cycle.self = cycle;
  assert.equal(
    codeOf(() => stringify(['\ud800'])),
    'lone_surrogate',
  );
  assert.equal(
    codeOf(() => stringify({ '\udc00x': 1 })),
    'lone_surrogate',
  );
  assert.equal(stringify('\ud83d\ude00'), '"\u{1F600}"');
  assert.equal(
    codeOf(() => stringify('a\0b')),
    'nul',
  );
  assert.equal(
    codeOf(() => stringify({ '\0': 1 })),
    'nul',
  );
  for (const number of [NaN, Infinity, -Infinity])
    assert.equal(
      codeOf(() => stringify([number])),
      'not_finite',
    );
  assert.equal(stringify(nested(128)).length, 256);
  assert.equal(
    codeOf(() => stringify(nested(129))),
    'too_deep',
  );
  assert.equal(
    codeOf(() => stringify(cycle)),
    'too_deep',
  );
  assert.throws(() => stringify(1n), TypeError);
});
