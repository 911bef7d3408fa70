// The values that the browser client's tests canonicalise: the same texts through `ssrstore canon --lines`.

import { readFileSync } from 'node:fs';

import { canonLines, Report } from './oracle.mjs';

const values = JSON.parse(readFileSync(new URL('../../client/test/values.json', import.meta.url), 'utf8'));
const report = new Report();
const lines = await canonLines(values.map((value) => value.text));
values.forEach(({ text, canonical }, index) =>
  report.check(lines[index] === canonical, () => `${text}: ${lines[index]}, not ${canonical}`));
report.check(values.length >= 30, () => 'fewer than 30 values');
report.end('values shared with the client', `${values.length} texts compared`);
