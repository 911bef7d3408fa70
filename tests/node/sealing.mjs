// The form of signed and sealed cookies, written a second time from docs/sealing.md with another implementation of the
// primitives (npm `@noble/ciphers` and `@noble/hashes`), in both directions: what the library makes is opened here, and
// what is made here is opened by the library. The argument is the program tests/seal_lines.c.

import { spawnSync } from 'node:child_process';
import { xchacha20poly1305 } from '@noble/ciphers/chacha';
import { blake2b } from '@noble/hashes/blake2b';
import { randomBits, Report, tool } from './oracle.mjs';

const report = new Report();
const random = randomBits(7693);
const bytes = (length) => Buffer.from(Array.from({ length }, () => random() & 255));
const pick = (list) => list[random() % list.length];
const utf8 = (text) => Buffer.from(text, 'utf8');

function answers(lines) {
  const run = spawnSync(tool, [], { input: lines.join('\n') + '\n', encoding: 'utf8', maxBuffer: 1 << 28 });
  if (run.error) throw run.error;
  return run.stdout.split('\n').slice(0, -1);
}

// The key derivation of libsodium: keyed BLAKE2b of nothing, the number as salt, the context as personalization.
function subkey(secret, number) {
  const salt = Buffer.alloc(16), personalization = Buffer.alloc(16);
  salt.writeBigUInt64LE(BigInt(number));
  personalization.write('ssrstore');
  return blake2b(Buffer.alloc(0), { key: secret, salt, personalization, dkLen: 32 });
}

function parts(...list) {
  return Buffer.concat(list.flatMap((part) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(part.length);
    return [length, part];
  }));
}

const heads = { signed: 's1', sealed: 'e1' };
const headOf = ({ protection, id, expires }) => `${heads[protection]}.${id}.${Math.floor(expires / 1000)}`;

function sign({ name, secret, value }, head) {
  return Buffer.from(blake2b(parts(utf8(head), utf8(name), value), { key: subkey(secret, 2), dkLen: 32 }));
}

function make(one, nonce) {
  const head = headOf(one);
  if (one.protection === 'signed') return [head, one.value.toString('base64url'), sign(one, head).toString('base64url')].join('.');
  const box = xchacha20poly1305(subkey(one.secret, 1), nonce, parts(utf8(head), utf8(one.name))).encrypt(one.value);
  return [head, nonce.toString('base64url'), Buffer.from(box).toString('base64url')].join('.');
}

// The value of a sealed text of the library; throws when it does not authenticate.
function open({ name, secret }, text) {
  const fields = text.split('.');
  const [nonce, box] = fields.slice(3).map((field) => Buffer.from(field, 'base64url'));
  const head = utf8(fields.slice(0, 3).join('.'));
  return Buffer.from(xchacha20poly1305(subkey(secret, 1), nonce, parts(head, utf8(name))).decrypt(box));
}

const samples = Array.from({ length: 3000 }, (_, i) => ({
  protection: i % 2 ? 'sealed' : 'signed',
  name: pick(['a', 'session', '__Host-id', 'grüße', 'x'.repeat(200)]),
  id: pick(['1', 'k', '2026-10_a', 'ABCDEFGHIJKLMNOP']),
  secret: bytes(32),
  expires: pick([0, 1000, 1700000000123, 253402300799999]),
  value: bytes(i < 600 ? i >> 1 : random() % 2000),
}));
const key = (one) => `${one.id}:${one.secret.toString('hex')}`;

const texts = answers(samples.map((one) => `seal ${one.protection} ${one.name} ${key(one)} ${one.expires} x${one.value.toString('hex')}`));
report.check(texts.length === samples.length, () => `${texts.length} texts of ${samples.length} values`);
samples.forEach((one, i) => {
  if (one.protection === 'signed') {
    report.check(texts[i] === make(one), () => `signed: ${texts[i]}\n  here:   ${make(one)}`);
    return;
  }
  let value;
  try { value = open(one, texts[i]); } catch (error) { value = error; }
  const good = Buffer.isBuffer(value) && value.equals(one.value) && texts[i].startsWith(`${headOf(one)}.`);
  report.check(good, () => `sealed: ${texts[i]}: ${value}`);
});

// Three ways that must not open follow each that must.
const asks = samples.flatMap((one) => {
  const text = make(one, bytes(24));
  const ask = (name, who, now) => `open ${one.protection} ${name} ${key(who)} ${now} ${text}`;
  return [
    [ask(one.name, one, 999), `x${one.value.toString('hex')}`],
    [ask(`${one.name}x`, one, 0), 'error: seal_forged'],
    [ask(one.name, { ...one, secret: bytes(32) }, 0), 'error: seal_forged'],
    [ask(one.name, one, 253402300799000), one.expires ? 'error: seal_expired' : `x${one.value.toString('hex')}`],
  ];
});
const opened = answers(asks.map(([line]) => line));
report.check(opened.length === asks.length, () => `${opened.length} answers to ${asks.length} texts`);
asks.forEach(([line, wanted], i) => report.check(opened[i] === wanted, () => `${line}\n  ${opened[i]}, not ${wanted}`));

report.end('sealing', `${texts.length} texts of the library, ${asks.length} texts opened or refused by it`);
