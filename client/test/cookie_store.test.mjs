import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, load, openPage } from './helpers.mjs';

/** A page whose browser holds these cookies. */
const loadHolding = async (...cookies) => {
  openPage('');
  for (const cookie of cookies) document.cookie = cookie;
  return load();
};

/** Replaces document.cookie: answers `text`, remembers what is written. */
const fakeJar = (text) => {
  const jar = { text, written: [] };
  Object.defineProperty(document, 'cookie', { get: () => jar.text, set: (line) => jar.written.push(line) });
  return jar;
};

test('reads what the browser holds; an empty cookie is a value, a missing one the fallback', async () => {
  const { CookieStore } = await loadHolding('theme=dark', 'empty=');
  assert.equal(CookieStore.define('theme', { fallback: 'light' }).get(), 'dark');
  assert.equal(CookieStore.define('empty', { fallback: 'x' }).get(), '');
  assert.equal(CookieStore.define('missing', { fallback: 'x' }).get(), 'x');
  assert.equal(CookieStore.define('bare').get(), undefined);
});

test('the header is split as the server does, and the first of a name counts', async () => {
  openPage('');
  fakeJar('a=1; a=2;b = x=y ; no value; =nameless;\tc="quoted";d=;__proto__=p');
  const { CookieStore } = await load();
  const value = (name) => CookieStore.define(name, { encoding: 'raw' }).get();
  assert.deepEqual(['a', 'b', 'c', 'd', '__proto__'].map(value), ['1', 'x=y', '"quoted"', '', 'p']);
  assert.equal(value('no'), undefined);
  assert.equal(value('toString'), undefined);
});

test('a million blanks inside of cookies do not hold up the page', async () => {
  openPage('');
  const blanks = ' '.repeat(1 << 20);
  fakeJar(`a${blanks}no value; b=x${blanks}y${blanks}; c${blanks}=\t`);
  const { CookieStore } = await load();
  const value = (name) => CookieStore.define(name, { encoding: 'raw' }).get();
  assert.deepEqual(['a', 'b', 'c'].map(value), [undefined, `x${blanks}y`, '']);
});

test('set is at once, survives as a cookie, and is told', async () => {
  const { CookieStore } = await loadHolding('theme=light');
  const theme = CookieStore.define('theme', { fallback: 'none' });
  const heard = [];
  const end = theme.subscribe((...news) => heard.push(news));
  theme.set('dark & stormy');
  assert.equal(theme.get(), 'dark & stormy');
  assert.equal(document.cookie, 'theme=dark%20%26%20stormy');
  theme.set('dark & stormy'); // written again, but nothing changed
  theme.delete();
  assert.equal(theme.get(), 'none');
  assert.equal(document.cookie, '');
  end();
  end();
  theme.set('x');
  assert.deepEqual(heard, [
    ['dark & stormy', 'light'],
    ['none', 'dark & stormy'],
  ]);
  assert.equal(theme.initial(), 'light');
});

test('what a set is told of is what was there before, read or not', async () => {
  const { CookieStore } = await loadHolding('a=1');
  const heard = [];
  const a = CookieStore.define('a');
  a.use((...news) => heard.push(news));
  a.set('2');
  assert.deepEqual(heard, [['2', '1']]);
  const b = CookieStore.define('b', { fallback: 'none' });
  b.set('set before the first read');
  assert.equal(b.initial(), 'none');
});

test('get sees what somebody else has changed; refresh tells it', async () => {
  const { CookieStore } = await loadHolding('a=1');
  const a = CookieStore.define('a');
  const heard = [];
  a.subscribe((...news) => heard.push(news));
  document.cookie = 'a=2';
  assert.equal(a.get(), '2');
  assert.deepEqual(heard, []);
  a.refresh();
  a.refresh();
  assert.deepEqual(heard, [['2', '1']]);
});

test('document.cookie is split once for each text it has', async () => {
  openPage('');
  const jar = fakeJar('a=1; b=2');
  const { CookieStore } = await load();
  let splits = 0;
  const text = jar.text;
  const counted = { split: (...args) => (splits++, text.split(...args)) };
  jar.text = counted;
  const [a, b] = [CookieStore.define('a'), CookieStore.define('b')];
  for (let i = 0; i < 10; i++) assert.deepEqual([a.get(), b.get()], ['1', '2']);
  assert.equal(splits, 1);
});

test('percent is encodeURIComponent, and what cannot be decoded stays what was sent', async () => {
  openPage('');
  const jar = fakeJar("ok=%E2%82%AC%20%22%3B; bad=100%; half=%E2%82; nul=a%00b$&$'; not=a%2500; plus=a+b");
  const { CookieStore } = await load();
  const value = (name) => CookieStore.define(name).get();
  assert.deepEqual(
    ['ok', 'bad', 'half', 'nul', 'not', 'plus'].map(value),
    ['\u20ac ";', '100%', '%E2%82', "a%00b$&$'", 'a%00', 'a+b'],
  );
  CookieStore.define('out').set('\u20ac \u{1F600};=,\\"\n-_.!~*\'()');
  assert.equal(jar.written[0], "out=%E2%82%AC%20%F0%9F%98%80%3B%3D%2C%5C%22%0A-_.!~*'(); Path=/; SameSite=Lax");
});

test('JSON is canonical JSON, percent-encoded', async () => {
  openPage('');
  const jar = fakeJar('');
  const { CookieStore } = await load();
  const filter = CookieStore.define('filter', { encoding: 'json', fallback: null });
  filter.set({ b: [1.0, -0], a: '\u20ac</script>' });
  const text = '{"a":"\u20ac</script>","b":[1,0]}';
  assert.equal(jar.written[0], `filter=${encodeURIComponent(text)}; Path=/; SameSite=Lax`);
  jar.text = `filter=${encodeURIComponent(text)}`;
  assert.deepEqual(filter.get(), { a: '\u20ac</script>', b: [1, 0] });
  assert.equal(filter.get(), filter.get()); // one object for one text
});

test('a JSON cookie that the server would refuse reads as the fallback', async () => {
  openPage('');
  const jar = fakeJar('');
  const { CookieStore } = await load();
  const json = CookieStore.define('json', { encoding: 'json', fallback: 'fallback' });
  for (const text of [
    '',
    '{',
    '%7B',
    '"\\ud800"',
    '"\\u0000"',
    '1e999',
    '%22%E2%22',
    '{"a":1,"a":1}',
    '[{"\\"":{"a":"b","\\u0061":"\\":"}}]',
    '%7B%22a%22:[],%22a%22:[]%7D',
  ]) {
    jar.text = 'json=' + text;
    assert.equal(json.get(), 'fallback', text);
  }
  for (const [text, value] of [
    ['null', null],
    ['%22x%22', 'x'],
    ['0', 0],
  ]) {
    jar.text = 'json=' + text;
    assert.equal(json.get(), value);
  }
  for (const value of [{ '"': { a: '\\":', b: ':' } }, { toJSON: 1 }, [[], {}, '\\']]) {
    jar.text = 'json= ' + JSON.stringify(value, null, 1).replaceAll('\n', ' ').replaceAll('"', '%22');
    assert.deepEqual(json.get(), value);
  }
});

test('values that cannot be written are refused by name, and nothing is written', async () => {
  openPage('');
  const jar = fakeJar('');
  const { CookieStore } = await load();
  const raw = CookieStore.define('raw', { encoding: 'raw' });
  for (const value of [
    'a b',
    'a;b',
    'a,b',
    'a"b',
    '"',
    'a\\b',
    'a\nb',
    'a\x7f',
    '\u00e9',
    'x; Path=/other',
    'a\0',
    'a\n',
  ]) {
    assert.equal(
      codeOf(() => raw.set(value)),
      'cookie_value',
      JSON.stringify(value),
    );
  }
  const percent = CookieStore.define('percent');
  for (const value of ['\ud800', undefined, null, 5, {}])
    assert.equal(
      codeOf(() => percent.set(value)),
      'cookie_value',
    );
  const json = CookieStore.define('json', { encoding: 'json' });
  assert.equal(
    codeOf(() => json.set('\ud800')),
    'lone_surrogate',
  );
  assert.equal(
    codeOf(() => json.set([NaN])),
    'not_finite',
  );
  assert.equal(
    codeOf(() => json.set(undefined)),
    'cookie_value',
  );
  assert.equal(
    codeOf(() => percent.set('x'.repeat(4097 - 'percent'.length))),
    'cookie_too_long',
  );
  assert.equal(
    codeOf(() => percent.set('\u20ac'.repeat(455))),
    'cookie_too_long',
  );
  assert.deepEqual(jar.written, []);

  percent.set('x'.repeat(4096 - 'percent'.length));
  for (const value of ['', '""', '"a"', "!#$%&'()*+-./09:<=>?@AZ[]^_`az{|}~"]) raw.set(value);
  assert.equal(jar.written.length, 5);
});

test('attributes are written as the server writes them', async () => {
  openPage('');
  const jar = fakeJar('');
  const { CookieStore } = await load();
  const all = CookieStore.define('all', {
    path: '/a b',
    domain: 'example.test',
    maxAge: 60,
    secure: true,
    sameSite: 'None',
    partitioned: true,
  });
  all.set('x');
  all.delete();
  CookieStore.define('year', { maxAge: 1e9 }).set('x');
  CookieStore.define('plain').set('x');
  CookieStore.define('session', { maxAge: 0 }).set('x'); // as on the server
  assert.deepEqual(jar.written, [
    'all=x; Path=/a b; Domain=example.test; Max-Age=60; Secure; SameSite=None; Partitioned',
    'all=; Path=/a b; Domain=example.test; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Secure; SameSite=None; Partitioned',
    'year=x; Path=/; Max-Age=34560000; SameSite=Lax',
    'plain=x; Path=/; SameSite=Lax',
    'session=x; Path=/; SameSite=Lax',
  ]);
});

test('definitions that browsers would drop or change are refused by name', async () => {
  const { CookieStore } = await loadHolding();
  const refused = [
    ['http_only', 'session', { httpOnly: true }],
    ['cookie_name', ''],
    ['cookie_name', 'a b'],
    ['cookie_name', 'a=b'],
    ['cookie_name', 'a\n'],
    ['cookie_name', 'n\u00e4me'],
    ['cookie_path', 'a', { path: 'x' }],
    ['cookie_path', 'a', { path: '/;x' }],
    ['cookie_path', 'a', { path: '/x ' }],
    ['cookie_path', 'a', { path: '/\n' }],
    ['cookie_path', 'a', { path: '/\u00e4' }],
    ['cookie_domain', 'a', { domain: 'x;y' }],
    ['cookie_domain', 'a', { domain: '-x.test' }],
    ['cookie_domain', 'a', { domain: 'x..test' }],
    ['cookie_domain', 'a', { domain: 'x'.repeat(64) + '.test' }],
    ['cookie_domain', 'a', { domain: 'x.'.repeat(127) }],
    ['cookie_domain', 'a', { domain: 'xx.'.repeat(84) + 'xx' }],
    ['cookie_same_site', 'a', { sameSite: 'lax' }],
    ['cookie_same_site_none', 'a', { sameSite: 'None' }],
    ['cookie_partitioned', 'a', { partitioned: true }],
    ['cookie_prefix', '__Secure-a'],
    ['cookie_prefix', '__host-a'],
    ['cookie_prefix', '__Host-a', { secure: true, path: '/x' }],
    ['cookie_prefix', '__Host-a', { secure: true, domain: 'example.test' }],
    ['cookie_prefix', '__Http-a', { secure: true }],
    ['cookie_prefix', '__Host-Http-a', { secure: true }],
    ['cookie_attribute_too_long', 'a', { path: '/' + 'x'.repeat(1024) }],
    ['invalid_argument', 'a', { encoding: 'base64' }],
    ['invalid_argument', 'a', { maxAge: 1.5 }],
    ['invalid_argument', 'a', { maxAge: -1 }],
  ];
  for (const [code, name, options] of refused) {
    assert.equal(
      codeOf(() => CookieStore.define(name, options)),
      code,
      `${name} ${JSON.stringify(options)}`,
    );
  }
  assert.throws(() => CookieStore.define('session', { httpOnly: true }), /session/);
  CookieStore.define('a', { domain: '.Example.test', path: '/' + 'x'.repeat(1023) }); // no refused one took the name
  CookieStore.define('__Host-a', { secure: true });
  CookieStore.define('__Secure-a', { secure: true, domain: 'a-b.example.test', path: '/x' });
  CookieStore.define("!#$%&'*+-.^_`|~09azAZ");
  assert.equal(
    codeOf(() => CookieStore.define('a')),
    'duplicate_name',
  );
  CookieStore.define('a', { replace: true });
});
