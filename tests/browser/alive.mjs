/*
 * The demo alive in Chromium: alive.mjs SSRDEMO SSRSTORE [FOLDER]. On every page, for every way a render can end, what
 * is shown, what was transferred and what the scripts hold is one; scripts change nothing before somebody asks for it;
 * the policy has nothing to report. With a folder, screenshots are left in it. Skipped, and said so, where there is no
 * Chromium.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { browser, check, equal, follow, openPage, runTests, start as startDemo } from "./harness.mjs";

const [demo, tool, pictures] = process.argv.slice(2);
const root = fileURLToPath(new URL("../../", import.meta.url));

const folder = mkdtempSync(join(tmpdir(), "ssrstore-"));
if (pictures) mkdirSync(pictures, { recursive: true });

/* With the React that complains. */
const bundle = () => {
  if (!existsSync(join(root, "demo/browser/node_modules/esbuild"))) return undefined;
  const file = join(folder, "island.js");
  execFileSync(process.execPath, [join(root, "demo/browser/bundle.mjs"), file, "--dev"], { stdio: "inherit" });
  return file;
};

const island = bundle();
const withIsland = island ? ["--island", island] : [];
if (!island) console.log("alive.mjs: without the island, for it needs npm ci --prefix demo/browser");

const start = (...flags) => startDemo(demo, ...flags);

/* Runs before anything of the page: notes what a visitor must not see happen. */
const watch = () => {
  const seen = (window.seen = { shift: 0, violations: [], changes: [], titles: [] });
  document.addEventListener("securitypolicyviolation", (event) =>
    seen.violations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) seen.shift += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  const note = () => {
    const title = `${document.title} | ${document.querySelector("h1")?.textContent}`;
    if (document.querySelector("h1") && seen.titles.at(-1) !== title) seen.titles.push(title);
  };
  const frame = () => {
    note();
    if (performance.now() < 3000) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  // The parser is done and the modules have not run: from here on every change is a script's.
  document.addEventListener("readystatechange", () => {
    if (document.readyState !== "interactive") return;
    new MutationObserver((records) => {
      for (const { type, target, attributeName } of records)
        seen.changes.push(`${type} ${target.nodeName} ${attributeName ?? ""}`.trim());
    }).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  });
};

/* What Chromium says of a status that is meant, and React of its tools. */
const expected = /^Failed to load resource: the server responded with a status of (404|503|400) |Download the React DevTools/;

/* A visitor who was never here. */
const visit = (address, options = {}) =>
  openPage({ origin: address, baseURL: address, expected, before: watch, viewport: { width: 1280, height: 900 }, ...options });

const leave = async (name, page) => {
  equal(`${name}: no trouble`, page.trouble, []);
  if (await page.evaluate(() => "seen" in window).catch(() => false))
    equal(`${name}: the policy has nothing to report`, await page.evaluate(() => window.seen.violations), []);
  await page.context().close();
};

const picture = async (page, name) => {
  if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
};

/* What the scripts of the page hold, under the names that the server transferred; JSON, for a name may be "__proto__". */
const held = (page) => page.evaluate(async () => {
  const { SsrStore, queryResult } = await import("/client/index.js");
  const { getAtomStore } = await import("/client/atoms.js");
  const site = await import("/browser/stores.js");
  const known = Object.fromEntries(Object.values(site).filter((each) => each.name).map((each) => [each.name, each]));
  const sent = JSON.parse(document.getElementById("__SSRSTORE__").textContent);
  const handle = (name) => known[name] ?? SsrStore.define(name, () => "the browser's default");
  const query = (key) => {
    const { state, data, error } = queryResult(...JSON.parse(key));
    return state === "failed" ? { failed: error } : { [state]: data };
  };
  const map = (members, of) => Object.fromEntries(Object.keys(members).map((key) => [key, of(key)]));
  const atoms = getAtomStore();
  atoms.use(site.likes);
  return JSON.stringify({ atoms: map(sent.atoms, (key) => atoms.get(key).value), queries: map(sent.queries, query),
    stores: map(sent.stores, (name) => handle(name).get()) });
});

/* What a reader of the page sees of it. */
const shown = (page) => page.evaluate(() => {
  const text = (selector) => document.querySelector(selector)?.textContent ?? null;
  const crumbs = [...document.querySelectorAll(".trail li > *")];
  return { title: document.title, heading: text("h1"), description: text(".lede"), notice: text(".masthead .notice:not([role])"),
    breadcrumb: crumbs.map((crumb) => [crumb.textContent, crumb.getAttribute("href")]), likes: text(".likes output") };
});

const scriptsDone = (page) => page.evaluate(async () => {
  await import("/browser/app.js");
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 20)));
});

const paths = ["/", "/ideas", "/ideas/1", "/ideas/11", "/ideas/99", "/chain", "/island", "/override", "/unstable", "/flip",
  "/broken", "/theme", "/theme?set=dark", "/theme?set=pink", "/sign-in", "/account", "/cookies", "/cookies/set",
  "/cookies/unstable", "/cookies/from-store", "/cookies/to-store", "/cookies/delete-set", "/nowhere"];
const withQueries = ["/ideas", "/ideas/1", "/chain", "/island", "/broken"];

const outcomes = new Map();

/* One page: transferred, held and shown are one, and nothing moved on the way there. */
const agrees = async (name, page, path) => {
  const response = await page.goto(path);
  const [, text] = /<script type="application\/json" id="__SSRSTORE__">(.*?)<\/script>/.exec(await response.text());
  const { atoms, queries, stores } = JSON.parse(text);
  const outcome = response.headers()["x-ssr-outcome"];
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  await scriptsDone(page);
  const seen = await page.evaluate(() => window.seen);
  const visible = await shown(page);
  equal(`${name}: what the scripts hold`, await held(page), JSON.stringify({ atoms, queries, stores }));
  equal(`${name}: what is shown`, visible, { title: stores["page.title"], heading: stores["page.title"],
    description: stores["page.description"], notice: stores.notice, breadcrumb: stores.breadcrumb,
    likes: "likes" in atoms ? String(atoms.likes) : null });
  equal(`${name}: no other title was ever seen`, seen.titles, [`${stores["page.title"]} | ${stores["page.title"]}`]);
  // React writes the type and the value of an input again, whatever they are.
  equal(`${name}: no script changed the document`, seen.changes.filter((change) => !/^attributes INPUT (type|value)$/.test(change)), []);
  // A document that is painted while its end is still on the way may move its footer by a hair.
  check(`${name}: nothing moved`, seen.shift < 0.005, seen.shift);
  equal(`${name}: the policy has nothing to report`, seen.violations, []);
};

const everyPage = async () => {
  const runs = { defaults: [], soft: ["--allowed-rerenders-count", "1"], hard: ["--forbidden-rerenders-count", "1"],
    "no queries": ["--max-query-passes", "0"], prefetched: ["--prefetch-loaders"] };
  for (const [run, flags] of Object.entries(runs)) {
    const address = await start(...withIsland, ...flags);
    for (const site of run === "defaults" ? ["", "/lua"] : [""]) {
      for (const path of flags.at(-1) === "0" || flags[0] === "--prefetch-loaders" ? withQueries : paths) {
        const page = await visit(address, { colorScheme: "light" });
        const name = `${run} ${site}${path}`;
        await agrees(name, page, `${site}${path === "/" && site ? "" : path}`);
        if (run === "defaults" && !site) await picture(page, path.replace(/\W+/g, "-").replace(/^-$/, "-start").slice(1));
        await leave(name, page);
      }
    }
  }
  for (const outcome of ["settled", "soft_cap", "hard_cap", "query_cap"])
    check(`some pages end with ${outcome}`, outcomes.get(outcome) > 0, [...outcomes]);
};

const light = "rgb(251, 245, 233)";
const dark = "rgb(23, 19, 31)";
const paper = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
const theme = (page) => page.getAttribute("html", "data-theme");
const cookie = async (page, name) => (await page.context().cookies()).find((each) => each.name === name);

const themes = async (address) => {
  for (const site of ["", "/lua"]) {
    const page = await visit(address, { colorScheme: "light" });
    await page.goto(`${site}/ideas`);
    await page.click("#switch-theme");
    equal(`${site} a click makes it dark`, [await theme(page), await paper(page), await page.textContent(".you a")],
      ["dark", dark, "Theme: dark"]);
    const { value, path, sameSite, expires } = await cookie(page, "theme");
    equal(`${site} as the server would have set it`, [value, path, sameSite, Math.round((expires - Date.now() / 1000) / 86400)],
      ["dark", "/", "Lax", 365]);
    const response = await page.reload();
    check(`${site} the server knows`, (await response.text()).includes('<html lang="en" data-theme="dark">'));
    equal(`${site} it survives a reload`, [await theme(page), await paper(page), await page.evaluate(() => window.seen.changes)],
      ["dark", dark, []]);
    await page.click("#switch-theme");
    equal(`${site} and on to light`, [await theme(page), await paper(page)], ["light", light]);
    await page.goto(`${site}/theme`);
    await page.click("#switch-theme");
    equal(`${site} the page about it follows`, await page.locator(".choices [aria-current]").allTextContents(), ["As my system"]);
    await follow(page, ".choices >> text=Dark");
    equal(`${site} the server's own way`, [await theme(page), await page.evaluate(async () => (await import("/browser/stores.js")).$theme.get())],
      ["dark", "dark"]);
    await page.context().addCookies([{ name: "theme", value: "pink", url: address }]);
    await page.goto(`${site}/ideas`);
    equal(`${site} nonsense is auto`, [await theme(page), await page.evaluate(() => window.seen.changes)], ["auto", []]);
    await page.click("#switch-theme");
    equal(`${site} from where it goes on`, await theme(page), "dark");
    await leave(`${site} themes`, page);
  }
};

const likes = async (address) => {
  for (const site of ["", "/lua"]) {
    const page = await visit(address);
    await page.goto(`${site}/ideas`);
    for (let i = 0; i < 3; i++) await page.click(".likes button");
    equal(`${site} three clicks`, await page.textContent(".likes output"), "3");
    const response = await page.reload();
    check(`${site} the server shows them`, (await response.text()).includes("<output>3</output>"));
    await page.click(".likes button");
    equal(`${site} and the browser goes on`, [await page.textContent(".likes output"), (await cookie(page, "likes")).value], ["4", "4"]);
    for (const odd of ["%22%3Cb%3E%22", "-1", "1.5", "nonsense", "10000", "%7B%22__proto__%22%3A1%7D"]) {
      await page.context().addCookies([{ name: "likes", value: odd, url: address }]);
      await agrees(`${site} likes=${odd}`, page, `${site}/ideas`);
      equal(`${site} likes=${odd} is none`, await page.textContent(".likes output"), "0");
    }
    await leave(`${site} likes`, page);
  }
};

const navigation = async (address) => {
  for (const site of ["", "/lua"]) {
    const page = await visit(address);
    await page.goto(`${site}/ideas`);
    await page.evaluate(() => (window.isSameDocument = true));
    await page.click(".likes button");
    const settled = async (heading) => {
      await page.waitForFunction((wanted) => document.querySelector("h1").textContent === wanted, heading);
      const there = await shown(page);
      const focus = await page.evaluate(() => [window.isSameDocument, document.activeElement.nodeName, scrollY]);
      const html = await (await page.request.get(page.url())).text();
      const fresh = await page.evaluate((text) => {
        const other = new DOMParser().parseFromString(text, "text/html");
        const normal = (from) => ["main", "footer", ".trail", ".lede", "nav[aria-label=Site]"].map((part) => from.querySelector(part).innerHTML);
        return JSON.stringify(normal(other)) === JSON.stringify(normal(document));
      }, html);
      return [there.title, there.breadcrumb.map(([text]) => text), new URL(page.url()).pathname, fresh, ...focus];
    };
    await page.evaluate(() => scrollTo(0, 400));
    await page.click("text=Desire paths");
    equal(`${site} an idea`, await settled("Desire paths"),
      ["Desire paths", ["Ideas", "Desire paths"], `${site}/ideas/2`, true, true, "H1", 0]);
    if (!site) await picture(page, "navigated");
    await page.click(".trail a");
    equal(`${site} up by the breadcrumb`, await settled("Ideas"), ["Ideas", ["Ideas"], `${site}/ideas`, true, true, "H1", 0]);
    equal(`${site} the count has come along`, await page.textContent(".likes output"), "1");
    await page.goBack();
    equal(`${site} back`, (await settled("Desire paths")).slice(0, 5), ["Desire paths", ["Ideas", "Desire paths"], `${site}/ideas/2`, true, true]);
    await page.goBack();
    equal(`${site} back, to the place`, await settled("Ideas"), ["Ideas", ["Ideas"], `${site}/ideas`, true, true, "H1", 400]);
    await page.goForward();
    equal(`${site} forward`, (await settled("Desire paths")).slice(0, 3), ["Desire paths", ["Ideas", "Desire paths"], `${site}/ideas/2`]);
    await page.reload();
    equal(`${site} the address is the page's`, (await shown(page)).title, "Desire paths");
    await follow(page, 'nav[aria-label="Site"] >> text=Chain');
    equal(`${site} any other link is a link`, [await page.evaluate(() => window.isSameDocument ?? false), new URL(page.url()).pathname],
      [false, `${site}/chain`]);
    await page.goBack();
    equal(`${site} and back from there`, (await shown(page)).title, "Desire paths");
    await leave(`${site} navigation`, page);
  }
  const page = await visit(address);
  await page.goto("/ideas");
  await page.route("**/ideas/2", (route) => route.request().resourceType() === "fetch" ? route.abort() : route.continue());
  await page.click("text=Desire paths");
  await page.waitForURL("**/ideas/2");
  equal("a fetch that fails is a link again", (await shown(page)).title, "Desire paths");
  page.trouble = page.trouble.filter((text) => !text.includes("net::ERR_FAILED"));
  await leave("a failed fetch", page);
};

const reactIsland = async (address) => {
  if (!island) return;
  for (const site of ["", "/lua"]) {
    const page = await visit(address);
    await page.goto(`${site}/ideas`);
    await page.click(".likes button");
    await agrees(`${site} island`, page, `${site}/island`);
    const before = await page.innerHTML("#island");
    await page.fill("#find", "desire");
    await page.click("#island .likes button");
    equal(`${site} React goes on`, [await page.locator("#island li h2").allTextContents(), await page.textContent("#island output")],
      [["Desire paths"], "2"]);
    if (!site) await picture(page, "island-used");
    await page.fill("#find", "");
    equal(`${site} and back to what the server wrote`, (await page.innerHTML("#island")).replace("<output>2<", "<output>1<").replace(' style=""', ""), before);
    equal(`${site} the atom is the page's own`, await page.evaluate(async () => {
      const { countLike } = await import("/browser/stores.js");
      countLike();
      await new Promise(requestAnimationFrame);
      return document.querySelector("#island output").textContent;
    }), "3");
    await follow(page, "#island >> text=Desire paths");
    equal(`${site} its links`, new URL(page.url()).pathname, `${site}/ideas/2`);
    await leave(`${site} island`, page);
  }
  const page = await visit(await start());
  await agrees("no bundle", page, "/island");
  check("the page says what is missing", (await page.textContent("#no-island")).includes("npm"));
  await page.click(".likes button");
  equal("and the count is alive without React", [await page.textContent(".likes output"), await page.isVisible("#find")], ["1", false]);
  await picture(page, "island-without");
  await leave("no bundle", page);
};

/* React does complain, where there is something to complain about: the same page with another count. */
const reactComplains = async (address) => {
  if (!island) return;
  const page = await visit(address);
  await page.route("**/island", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: (await response.text()).replace("<output>0<", "<output>7<") });
  });
  await page.goto("/island");
  await scriptsDone(page);
  check("a difference would have been said", page.trouble.some((text) => text.includes("ydrat")), page.trouble);
  await page.context().close();
};

const withoutScripts = async (address) => {
  const page = await visit(address, { javaScriptEnabled: false });
  await page.goto("/ideas");
  equal("no button that would do nothing", [await page.isVisible("#switch-theme"), await page.isVisible(".likes button")], [false, false]);
  await follow(page, "text=Desire paths");
  equal("links are links", await page.locator("h1").textContent(), "Desire paths");
  await follow(page, ".you >> text=Theme");
  await follow(page, ".choices >> text=Dark");
  equal("the theme has its page", [await theme(page), (await cookie(page, "theme")).value], ["dark", "dark"]);
  await page.goto("/sign-in");
  await page.fill("#name", "Ines");
  await follow(page, "main button");
  equal("forms are forms", await page.locator(".opening strong").textContent(), "Ines");
  await page.goto("/island");
  equal("the island is a list", [await page.locator("#island li").count(), await page.isVisible("#find")], [12, false]);
  await picture(page, "no-scripts");
  equal("without scripts: no trouble", page.trouble, []);
  await page.context().close();
};

const policyWorks = async (address) => {
  const page = await visit(address);
  await page.goto("/ideas");
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.injected = true";
    document.body.append(script);
    document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='window.injected = true'>");
  });
  await page.waitForFunction(() => window.seen.violations.length >= 2);
  equal("what would be injected does not run, and would be reported",
    await page.evaluate(() => [window.injected ?? false, window.seen.violations.map((text) => text.split(" ")[0]).sort()]),
    [false, ["script-src-attr", "script-src-elem"]]);
  await page.context().close();
};

const strings = ["</script><script>window.hit = 1</script>", "<!--<script>", "-->", "]]>", "</SCRIPT >", "<img src=x onerror=hit=1>",
  "\u2028\u2029", "&lt;&amp;&#x3c;&", "'\"`${hit = 1}", "$&$1$`$'", "\\u003c\\", "javascript:hit=1", "__proto__", "\u0001\u001f\u007f",
  "\ud83d\ude00\u{10ffff}", "\u202e\u200b\ufeff", "%3C%22%5C;,= \t", "a\r\nSet-Cookie: hit=1", "\ufffe\uffff", ""];

/* From JSON through the tool's element and Chromium's parser into the client. */
const hostile = async () => {
  const names = Object.fromEntries(strings.map((text, i) => [text || "empty", { text, list: [text, i], [text]: text }]));
  const stores = `{"toString":{"__proto__":{"polluted":true}},"constructor":"mine",${JSON.stringify(names).slice(1, -1)}}`;
  const json = `{"atoms":{},"contexts":{},"queries":{},"stores":${stores},"v":1}`;
  const element = execFileSync(tool, ["embed", "--id", "__SSRSTORE__"], { input: json, encoding: "utf8" });
  const wanted = JSON.parse(execFileSync(tool, ["canon"], { input: stores, encoding: "utf8" }));
  const server = createServer((request, response) => {
    const script = /^\/client\/([a-z_]+\.js)$/.exec(request.url);
    response.writeHead(200, { "Content-Type": script ? "text/javascript" : "text/html; charset=utf-8" });
    response.end(script ? readFileSync(join(root, "client/src", script[1]))
      : `<!doctype html><title>hostile</title><link rel="icon" href="data:,"><p>before</p>${element}<p>after</p>`);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const page = await visit(`http://127.0.0.1:${server.address().port}`);
  await page.goto("/");
  const names_ = Object.keys(wanted);
  const got = await page.evaluate(async (all) => {
    const { SsrStore } = await import("/client/index.js");
    return all.map((name) => JSON.stringify(SsrStore.define(name, () => "the browser's default").get()));
  }, names_);
  names_.forEach((name, i) => equal(`hostile ${JSON.stringify(name)}`, got[i], JSON.stringify(wanted[name])));
  equal("nothing was executed, and no element appeared", await page.evaluate(() =>
    ["hit" in window, "polluted" in {}, [...document.body.children].map((child) => child.nodeName).join()]), [false, false, "P,SCRIPT,P"]);
  page.trouble = page.trouble.filter((text) => text !== "request: data:,");
  await leave("hostile", page);
  server.close();
  const refused = { '"\\ud800"': "lone_surrogate", '{"\\udc00":1}': "lone_surrogate", '["\\ud83d\\u0041"]': "lone_surrogate", '"\\u0000"': "nul" };
  for (const [text, reason] of Object.entries(refused)) {
    const { status, stderr } = spawnSync(tool, ["embed"], { input: text, encoding: "utf8" });
    check(`${text} is refused by name`, status === 1 && stderr.includes(reason), { status, stderr });
  }
};

/* From a script into the cookie, from there through the server into the page, and back into the script. */
const cookies = async (address) => {
  const page = await visit(address);
  for (const text of strings) {
    await page.goto("/cookies");
    await page.evaluate(async (value) => (await import("/client/index.js")).CookieStore.define("biscuit").set(value), text);
    await agrees(`biscuit ${JSON.stringify(text)}`, page, "/cookies");
    equal(`biscuit ${JSON.stringify(text)} comes back`, await page.evaluate(async () =>
      [document.querySelector(".jar strong").textContent, (await import("/client/index.js")).CookieStore.define("biscuit").get(), "hit" in window]),
    [text, text, false]);
  }
  await leave("biscuits", page);
};

const onOneServer = async () => {
  const address = await start(...withIsland);
  for (const test of [themes, likes, navigation, reactIsland, reactComplains, withoutScripts, policyWorks, hostile, cookies]) await test(address);
};

await runTests([everyPage, onOneServer], {
  tidy: () => rmSync(folder, { recursive: true }),
  remark: island ? "" : ", the island skipped",
});
