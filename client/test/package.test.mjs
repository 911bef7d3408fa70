// What is shipped: small, alone, without side effects, and declared as it is.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { element, openPage, source } from './helpers.mjs';

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** The bytes of a minified bundle of `contents`, as a browser would load it. */
const bundle = async (contents) => {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL('..', import.meta.url)), loader: 'jsx' },
    bundle: true,
    minify: true,
    format: 'esm',
    jsx: 'automatic',
    external: ['react', 'react/jsx-runtime'],
    write: false,
  });
  return outputFiles[0].contents;
};
const gzipped = async (contents) => gzipSync(await bundle(contents), { level: 9 }).length;

test('the core entry is under 3 KB gzipped', async (t) => {
  const size = await gzipped(`export * from 'ssrstore'`);
  t.diagnostic(`core: ${size} bytes gzipped`);
  assert.ok(size < 3000, `${size} bytes`);
});

test('a page carries what it uses', async (t) => {
  for (const [what, contents, most] of [
    ['SsrStore alone', `export { SsrStore } from 'ssrstore'`, 1200],
    ['atoms alone', `export * from 'ssrstore/atoms'`, 2300],
    ['all, with React hooks', `export * from 'ssrstore/react'`, 5000],
  ]) {
    const size = await gzipped(contents);
    t.diagnostic(`${what}: ${size} bytes gzipped`);
    assert.ok(size < most, `${what}: ${size} bytes`);
  }
});

test('importing does nothing', async () => {
  assert.equal(manifest.sideEffects, false);
  for (const entry of ['ssrstore', 'ssrstore/atoms', 'ssrstore/react']) {
    assert.equal(
      Buffer.from(await bundle(`import '${entry}'`))
        .toString()
        .trim(),
      '',
      entry,
    );
  }
});

test('the core and the atoms import no package, and nothing depends on one but React as a peer', () => {
  assert.equal(manifest.dependencies, undefined);
  assert.deepEqual(manifest.peerDependencies, { react: '>=18' });
  assert.equal(manifest.peerDependenciesMeta.react.optional, true);
  for (const file of readdirSync(source).filter((name) => name.endsWith('.js'))) {
    const from = [...readFileSync(join(source, file), 'utf8').matchAll(/from '([^']+)'/g)].map((match) => match[1]);
    const packages = from.filter((specifier) => !specifier.startsWith('./'));
    assert.deepEqual(packages, file === 'react.js' ? ['react'] : [], file);
  }
});

test('no source needs a Content-Security-Policy that allows eval or inline script', () => {
  for (const file of readdirSync(source)) {
    assert.doesNotMatch(
      readFileSync(join(source, file), 'utf8'),
      /\beval\(|new Function|innerHTML|insertAdjacentHTML/,
      file,
    );
  }
});

test('what is declared is exported, and the other way round', async () => {
  const declared = (file) =>
    [...readFileSync(join(source, file), 'utf8').matchAll(/^export declare (?:const|function|class) (\w+)/gm)].map(
      (m) => m[1],
    );
  const exported = async (entry) => Object.keys(await import(entry)).sort();
  const names = (...lists) => [...new Set(lists.flat())].sort();
  assert.deepEqual(await exported('ssrstore'), names(declared('index.d.ts')));
  assert.deepEqual(await exported('ssrstore/atoms'), names(declared('atoms.d.ts')));
  assert.deepEqual(
    await exported('ssrstore/react'),
    names(...['index', 'atoms', 'react'].map((name) => declared(`${name}.d.ts`))),
  );
});

test('what is shipped is the sources, their types and the README', () => {
  assert.deepEqual(manifest.files, ['src']);
  for (const { types, default: file } of Object.values(manifest.exports)) {
    for (const path of [types, file]) readFileSync(new URL(`../${path}`, import.meta.url));
  }
});

/** The first sample of a language in a document of the project. */
const sampleOf = (document, language) =>
  readFileSync(new URL('../../' + document, import.meta.url), 'utf8').match(`\`\`\`${language}\n([^]*?)\`\`\``)[1];

/** Runs a sample in this page; answers what of it is named. */
const runSample = async (sample, names) => {
  const code = Buffer.from(await bundle(`${sample}; export { ${names} }`));
  return import(`data:text/javascript;base64,${code.toString('base64')}`);
};

test("the README's sample runs", async () => {
  openPage(
    element({
      stores: { title: 'Ideas' },
      atoms: { cart: ['pear'] },
      queries: { '["idea",{"id":7}]': { ready: { title: 'One' } } },
    }),
  );
  const { cart, end, idea, ui, $title, $theme } = await runSample(
    sampleOf('client/README.md', 'js'),
    'cart, end, idea, ui, $title, $theme',
  );
  assert.deepEqual([$title.get(), document.title, $title.initial()], ['Changed', 'Changed', 'Ideas']);
  assert.deepEqual([$theme.get(), document.cookie], ['dark', 'theme=dark']);
  assert.deepEqual(cart.value, ['pear', 'apple']);
  assert.equal(ui.getState().isOpen, false);
  assert.deepEqual(idea, { state: 'ready', data: { title: 'One' } });
  end();
});

test("the README's island builds", async () => {
  assert.ok((await bundle(`${sampleOf('client/README.md', 'jsx')}; export { Header, Page }`)).length > 0);
});

test("the project's README has a sample that runs", async () => {
  openPage(element({ stores: { title: 'Ideas' } }));
  const { title } = await runSample(sampleOf('README.md', 'js'), 'title');
  assert.deepEqual([title.get(), document.cookie], ['Ideas', 'theme=dark']);
  title.set('Changed');
  assert.equal(document.title, 'Changed');
});
