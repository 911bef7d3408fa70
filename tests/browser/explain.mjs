/*
 * The page of `ssrstore explain --html` in Chromium: explain.mjs SSRSTORE [FOLDER]. With a folder, screenshots are left
 * in it. Skipped, and said so, where there is no Chromium.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { browser, check, equal, openPage, runTests } from "./harness.mjs";

const tool = process.argv[2];
const pictures = process.argv[3];
const samples = join(dirname(fileURLToPath(import.meta.url)), "..", "explain");

const folder = mkdtempSync(join(tmpdir(), "ssrstore-"));
/* The page of a sample, with a note of everything that must not happen. */
const open = async (sample, { hash = "", ...options } = {}) => {
  const file = join(folder, `${sample}.html`);
  execFileSync(tool, ["explain", "--html", file, join(samples, `${sample}.jsonl`)]);
  const page = await openPage({ origin: "file:", viewport: { width: 1440, height: 1000 }, ...options });
  await page.goto(pathToFileURL(file).href + hash);
  return page;
};

const picture = async (page, name, fullPage = false) => {
  if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`), fullPage });
};

const shown = (page) => page.$$eval("#renders tbody tr:not([hidden]) a", (links) => links.map((link) => link.textContent));
const title = (page) => page.textContent("#detail-title");

const browse = async () => {
  const page = await open("many");
  equal("the newest comes first", await shown(page), ["/old", "/old", "/", "/ideas/8", "/unstable", "/flip", "/ideas/7", "/override"]);
  equal("and is shown", await title(page), "/old");
  check("the head tells how many", (await page.textContent("#about-line")).startsWith("8 renders from "));

  await page.keyboard.press("/");
  await page.keyboard.type("breadcrumb settled");
  equal("the filter finds stores and outcomes", await shown(page), ["/ideas/8", "/ideas/7", "/override"]);
  equal("and shows the first it found", await title(page), "/ideas/8");
  await page.fill("#filter", "CYCLE");
  equal("the filter finds verdicts", await shown(page), ["/flip"]);
  await page.fill("#filter", "nothing is called so");
  equal("the filter may find nothing", [await shown(page), await page.textContent("#found")], [[], "0 of 8 shown here"]);
  await page.keyboard.press("Escape");
  equal("Escape empties it", (await shown(page)).length, 8);
  await page.check("#troubled");
  equal("only with a fault", await shown(page), ["/unstable", "/flip"]);
  await page.uncheck("#troubled");

  await page.focus("#filter");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  const before = await title(page);
  await page.keyboard.press("ArrowUp");
  check("arrows go through the renders", before !== (await title(page)));
  await page.keyboard.press("Enter");
  equal("Enter goes to the render", await page.evaluate("document.activeElement.id"), "detail");

  await page.click("#together button:text-is('/ideas/:n')");
  equal("a route of the summary becomes the filter", await shown(page), ["/ideas/8", "/ideas/7"]);
  equal("nothing happened that must not", page.trouble, []);
  await page.context().close();
};

const diff = async () => {
  const page = await open("many", { hash: "#a1" });
  equal("the address chooses a render", await title(page), "/override");
  const change = page.locator("details.diff").first();
  check("a diff is closed at first", !(await change.locator(".patch").isVisible()));
  await change.locator("summary").click();
  check("a click opens it", await change.locator(".patch").isVisible());
  equal("it shows the patch", await change.locator("pre").first().textContent(), '+ /0\n[\n  "Ideas",\n  "/ideas"\n]');
  check("and who set it", (await change.textContent()).includes("pages.c:41 in component Trail after it had been read"));
  await change.locator("summary").focus();
  await page.keyboard.press("Enter");
  check("a key closes it", !(await change.locator(".patch").isVisible()));
  await page.click("svg .set");
  check("a click in the drawing opens it too", await change.locator(".patch").isVisible());
  equal("each pass is drawn", await page.locator("svg .pass").count(), 2);
  equal("nothing happened that must not", page.trouble, []);
  await page.context().close();
};

const drawing = async () => {
  const page = await open("queries");
  equal("passes and loads", [await page.locator("svg .pass").count(), await page.locator("svg .load").count(), await page.locator("svg .load.failed").count()], [6, 7, 1]);
  const boxes = await page.$$eval("svg .load rect", (bars) => bars.map((bar) => bar.getBoundingClientRect()).map(({ x, width }) => ({ x, width })));
  check("loads that ran at the same time begin together", boxes[1].x === boxes[2].x && boxes[3].x === boxes[4].x);
  check("the longer takes more room", boxes[2].width > boxes[1].width);
  check("loads that waited begin later", boxes[3].x >= boxes[2].x + boxes[2].width);
  await page.setViewportSize({ width: 420, height: 800 });
  check("a narrow window does not scroll sideways", await page.evaluate("document.documentElement.scrollWidth <= innerWidth"));
  await page.context().close();
};

const samplesOpen = async () => {
  for (const sample of ["settled", "cycle", "always_new", "query_chain", "converging", "ended", "no_verdict", "odd"]) {
    const page = await open(sample);
    equal(`${sample} is shown without trouble`, page.trouble, []);
    check(`${sample} shows no value of the script's own`, !/undefined|\[object|NaN/.test(await page.innerText("body")));
    await page.context().close();
  }
};

const faults = async () => {
  const cycle = await open("cycle");
  equal("a cycle names its writers", await cycle.$$eval(".named li", (items) => items.map((item) => item.textContent)),
    ["\u2013 store a, set at flip.c:12", "\u2013 store b, set at flip.c:17"]);
  await cycle.context().close();
  const always = await open("always_new");
  equal("what is always new looks like something", await always.textContent(".named li"),
    "\u2013 store notice, looks like: time, set at pages.c:147");
  equal("late, shared and refused", await always.$$eval("#pass-2 dd", (items) => items.slice(-3).map((item) => item.textContent)),
    ["atom draft was changed after it had been read, at pages.c:160", "store visits was written for every visitor, at pages.c:161",
      "syntax from ssr_store_set for store notice at byte 12 in the init function of page.title at pages.c:162"]);
  await always.context().close();
};

const shape = (page) => page.$$eval("*", (all) => [...new Set(all.map((element) => element.tagName.toLowerCase()))].sort());

const hostile = async () => {
  const page = await open("hostile");
  await page.$$eval("details", (all) => all.forEach((one) => (one.open = true)));
  const allowed = new Set(["html", "head", "meta", "title", "style", "body", "header", "div", "h1", "h2", "h3", "p", "dl", "dt", "dd",
    "noscript", "main", "section", "form", "label", "input", "table", "thead", "tbody", "tr", "th", "td", "a", "kbd", "article",
    "script", "span", "i", "b", "ul", "ol", "li", "svg", "g", "rect", "text", "path", "details", "summary", "code", "pre", "button"]);
  equal("no element but the page's own", (await shape(page)).filter((name) => !allowed.has(name) && name !== "title"), []);
  equal("no image", await page.locator("img").count(), 0);
  equal("one script that runs", await page.locator("script:not([type])").count(), 1);
  const words = await page.innerText("body");
  check("the strings are shown as text", words.includes("<img src=x onerror=alert(2)>") && words.includes("\\u001b[31m"));
  check("without control characters", !/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/.test(words));
  equal("nothing happened that must not", page.trouble, []);
  await picture(page, "hostile");
  await page.context().close();
};

/* What a server says to a page and its parts; answers when it listens. */
const serve = async (files, headers) => {
  const server = createServer((request, response) => {
    const file = files[request.url];
    response.writeHead(file ? 200 : 404, { ...headers, "Content-Type": file ? file.type : "text/plain" }).end(file ? file.text : "");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
};

const opened = async (server) => {
  const page = await browser.newPage();
  page.trouble = [];
  page.on("console", (message) => page.trouble.push(message.text()));
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  return page;
};

const policy = async () => {
  const html = readFileSync(join(folder, "many.html"), "utf8");
  const icon = { "/favicon.ico": { type: "image/x-icon", text: " " } };
  const injected = html.replace("</body>", "<script>document.title = 'injected'</script></body>");
  let server = await serve({ ...icon, "/": { type: "text/html", text: injected } }, {});
  let page = await opened(server);
  equal("the page's policy stops any other script", [await page.title(), await page.locator("#renders tbody tr").count()], ["Renders", 8]);
  await page.close();
  server.close();

  /* As a server gives it: style and script are files, and nothing in the page itself is allowed. */
  const [, style] = html.match(/<style>([^]*?)<\/style>/);
  const [, script] = html.match(/<script>([^]*?)<\/script>/);
  const linked = html.replace(/<meta http-equiv[^>]*>/, "").replace(`<style>${style}</style>`, () => '<link rel="stylesheet" href="/_ssr.css">')
    .replace(`<script>${script}</script>`, () => '<script src="/_ssr.js"></script>');
  server = await serve({ ...icon, "/": { type: "text/html", text: linked }, "/_ssr.css": { type: "text/css", text: style },
    "/_ssr.js": { type: "text/javascript", text: script } },
  { "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'", "X-Content-Type-Options": "nosniff" });
  page = await opened(server);
  await page.click("#renders tr:nth-child(7)");
  equal("it works under the policy of a server", [await page.locator("svg .load").count(), page.trouble.filter((text) => !text.includes("favicon"))], [7, []]);
  check("with its bars", (await page.$eval(".bar i", (bar) => bar.getBoundingClientRect().width)) > 2);
  await page.close();
  server.close();
};

const screenshots = async () => {
  for (const colorScheme of ["light", "dark"]) {
    const page = await open("many", { hash: "#b2", colorScheme });
    await page.locator("details.diff summary").nth(1).click();
    await picture(page, colorScheme, true);
    const [ground, ink] = await page.evaluate(() => [getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]);
    const light = (color) => color.match(/\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0);
    check(`${colorScheme} is ${colorScheme}`, light(ground) > light(ink) === (colorScheme === "light"));
    await page.context().close();
  }
  const page = await open("cycle", { viewport: { width: 420, height: 900 } });
  await picture(page, "narrow", true);
  await page.context().close();
};

await runTests([browse, diff, drawing, samplesOpen, faults, hostile, policy, screenshots], {
  tidy: () => rmSync(folder, { recursive: true }),
});
