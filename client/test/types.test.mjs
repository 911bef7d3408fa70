// The typed bridge: what the server's tool writes is what the client's declarations take. The file in types/bridge is
// the tool's answer; with SSRSTORE_TOOL naming the built tool it is asked again.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const types = fileURLToPath(new URL('types/', import.meta.url));
const bridge = join(types, 'bridge');
const tool = process.env.SSRSTORE_TOOL;
const written = () =>
  tool
    ? execFileSync(tool, ['types', join(bridge, 'definitions.json')], { encoding: 'utf8' })
    : readFileSync(join(bridge, 'server.d.ts'), 'utf8');
const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const compile = (folder) => spawnSync(process.execPath, [compiler, '--project', folder], { encoding: 'utf8' }).stdout;

test('handles get the types that were defined on the server', (t) => {
  const folder = mkdtempSync(join(types, 'bridge-')); // inside the package, so that 'ssrstore' is found
  t.after(() => rmSync(folder, { recursive: true }));
  for (const name of ['check.tsx', 'tsconfig.json']) copyFileSync(join(bridge, name), join(folder, name));
  writeFileSync(join(folder, 'server.d.ts'), written());
  assert.equal(compile(folder), '');

  // The check would tell: with another type of one store it is refused.
  writeFileSync(join(folder, 'server.d.ts'), written().replace('title: string;', 'title: number;'));
  assert.match(compile(folder), /check\.tsx.*error TS/);
});

test('the tool writes the declarations that are kept here', { skip: !tool && 'SSRSTORE_TOOL is not set' }, () => {
  assert.equal(written(), readFileSync(join(bridge, 'server.d.ts'), 'utf8'));
});
