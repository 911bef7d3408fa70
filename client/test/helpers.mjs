// A page as the server sends it, in jsdom, and the package as a browser loads it: each test has both of its own.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { JSDOM } from 'jsdom';

export const source = fileURLToPath(new URL('../src/', import.meta.url));

/** JSON as the server embeds it: no content can end the element. */
export const embedText = (json) =>
  json.replace(/[<>&\u2028\u2029]/g, (c) => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));

export const element = (payload) =>
  `<script type="application/json" id="__SSRSTORE__">${embedText(JSON.stringify({ v: 1, ...payload }))}</script>`;

/** Makes `html` the document of this process, scripts in it included. */
export const openPage = (html, options) => {
  const { window } = new JSDOM(`<!doctype html><body>${html}`, {
    url: 'https://example.test/',
    runScripts: 'dangerously',
    ...options,
  });
  globalThis.window = window;
  globalThis.document = window.document;
  return window;
};

const copies = mkdtempSync(join(tmpdir(), 'ssrstore-'));
process.on('exit', () => rmSync(copies, { recursive: true }));
let count = 0;

/** Loads the package anew: nothing is known of what it did before. Copied, as a module is loaded once per file. */
export const load = async () => {
  const copy = join(copies, String(++count));
  cpSync(source, copy, { recursive: true });
  return { ...(await import(join(copy, 'index.js'))), ...(await import(join(copy, 'atoms.js'))) };
};

/** A page with this payload, and the package in it. */
export const loadWith = (payload) => {
  openPage(element(payload));
  return load();
};

/** What a call throws: its code. */
export const codeOf = (act) => {
  try {
    act();
  } catch (error) {
    return error.code;
  }
  return 'nothing was thrown';
};

/** Collects what is said on the console as an error, which is kept from showing. */
export const watchErrors = (t) => {
  const mock = t.mock.method(console, 'error', () => {});
  return () => mock.mock.calls.map(({ arguments: said }) => said.map(String).join(' '));
};
