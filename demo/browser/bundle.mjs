/*
 * Bundles the island: bundle.mjs FILE [--dev]. React goes into it; the modules that the page has already stay imports,
 * so that there is one registry for both. With --dev React says what it does not like.
 */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const client = fileURLToPath(new URL('../../client/src/', import.meta.url));
const isDev = process.argv.includes('--dev');

const addresses = {
  name: 'addresses of the site',
  setup({ onResolve }) {
    onResolve({ filter: /^\/browser\// }, ({ path }) => ({ path, external: true }));
    onResolve({ filter: /^\/client\// }, ({ path }) =>
      path === '/client/react.js' ? { path: `${client}react.js` } : { path, external: true },
    );
    onResolve({ filter: /^\.\// }, ({ path, importer }) =>
      importer === `${client}react.js` ? { path: `/client/${path.slice(2)}`, external: true } : undefined,
    );
  },
};

await build({
  entryPoints: [`${here}island.jsx`],
  outfile: process.argv[2],
  plugins: [addresses],
  bundle: true,
  format: 'esm',
  target: 'es2022',
  jsx: 'automatic',
  jsxDev: false,
  minify: !isDev,
  // One React, also for the client's sources, which may have another beside them.
  alias: { react: `${here}node_modules/react` },
  define: { 'process.env.NODE_ENV': isDev ? '"development"' : '"production"' },
  logLevel: 'warning',
});
