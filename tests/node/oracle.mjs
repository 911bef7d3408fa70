// What the oracles share: the tool as a child process, and a canonicaliser that is JavaScript's own JSON and sort.

import { spawn, spawnSync } from 'node:child_process';

export { randomBits } from './random.mjs';

// The path of the tool is the only argument of every script.
export const tool = process.argv[2];
if (!tool) {
  console.error(`usage: node ${process.argv[1]} PATH-OF-SSRSTORE`);
  process.exit(2);
}

// RFC 8785: JSON.stringify writes strings and numbers as it wants, and sort() compares UTF-16 code units. Members are
// written one by one, because an object of JavaScript's own would put keys like "10" first and lose "__proto__".
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${members.join(',')}}`;
}

// One text through `ssrstore canon`: its exit status, the canonical text, and the message when it was refused.
export function canon(text) {
  const run = spawnSync(tool, ['canon'], { input: text, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (run.error) throw run.error;
  return { status: run.status, text: run.stdout.replace(/\n$/, ''), message: run.stderr.trim() };
}

// Many texts without line breaks through one `ssrstore canon --lines`; resolves to the answers, one for each.
export function canonLines(texts) {
  return new Promise((resolve, reject) => {
    const child = spawn(tool, ['canon', '--lines'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const chunks = [];
    child.on('error', reject);
    child.stdin.on('error', reject);
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.on('close', (status) => {
      const answers = Buffer.concat(chunks).toString('utf8').split('\n');
      if (answers.pop() !== '' || answers.length !== texts.length || status > 1)
        reject(new Error(`${answers.length} answers to ${texts.length} texts, exit status ${status}`));
      else resolve(answers);
    });
    child.stdin.end(texts.join('\n') + '\n');
  });
}

// Collects what differs, prints the first few, and ends the script, one check of the tests, with its exit status.
export class Report {
  failures = 0;

  check(good, message) {
    if (good) return;
    if (++this.failures <= 10) console.error(message());
  }

  end(name, counts) {
    console.log(`count: ${name}: ${counts}`);
    console.log(`${name}: ${this.failures === 0 ? 1 : 0} passed, ${this.failures} failed`);
    process.exitCode = this.failures === 0 ? 0 : 1;
  }
}
