/*
 * The demo in development, in Chromium: live.mjs SSRDEMO [FOLDER]. The page of the last renders under the policy of the
 * server, and the badge that leads to it. With a folder, screenshots are left in it. Skipped, and said so, where there
 * is no Chromium.
 */
import { join } from "node:path";

import { check, equal, openPage, runTests, start } from "./harness.mjs";

const [demo, pictures] = process.argv.slice(2);

const address = await start(demo, "--dev");

/* A visitor, with a note of everything that must not happen. */
const visit = (options = {}) =>
  openPage({ origin: address, baseURL: address, viewport: { width: 1280, height: 900 }, ...options });

const leave = async (name, page) => {
  equal(`${name}: no trouble`, page.trouble, []);
  await page.context().close();
};

const picture = async (page, name) => {
  if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`) });
};

const title = (page) => page.textContent("#detail-title");
const listed = (page) => page.$$eval("#renders tbody tr a", (links) => links.map((link) => link.textContent));

const empty = async () => {
  const page = await visit();
  await page.goto("/_ssr");
  check("without a render it says so", (await page.textContent("#about-line")).startsWith("0 renders"));
  await leave("empty", page);
};

const badge = async () => {
  const page = await visit();
  for (const path of ["/chain", "/flip"]) await page.goto(path);
  const box = await page.locator(".badge").boundingBox();
  check("it is in the corner", box.x + box.width > 1240 && box.y + box.height > 870 && box.height < 40, box);
  check("a page that did not settle looks different",
    await page.$eval(".badge", (element) => getComputedStyle(element).backgroundColor !== getComputedStyle(document.body).backgroundColor));
  check("and says what it did", /^26 passes \u00b7 [\d.]+ ms \u00b7 hard_cap$/.test(await page.textContent(".badge")));
  await page.goto("/chain");
  const figures = await page.textContent(".badge");
  check("a good one too", /^5 passes \u00b7 [\d.]+ ms \u00b7 settled$/.test(figures), figures);
  await page.focus(".badge");
  const other = await page.context().newPage();
  await other.goto("/ideas/3");
  await page.keyboard.press("Enter");
  await page.waitForURL(/_ssr#[0-9a-f]{16}$/);
  equal("it opens its own record, though there is a newer one", [await title(page), (await listed(page))[0]], ["/chain", "/ideas/3"]);
  equal("which has its passes", await page.locator("svg .pass").count(), 5);
  await page.goBack();
  await page.click(".badge");
  await page.waitForURL(/_ssr#/);
  equal("a click does so too", await title(page), "/chain");
  await leave("badge", page);
};

const liveView = async () => {
  const page = await visit();
  await page.goto("/broken");
  page.trouble.length = 0; /* the browser says that the status was 503 */
  await page.goto("/override");
  await page.goto("/_ssr");
  equal("the newest comes first", (await listed(page)).slice(0, 2), ["/override", "/broken"]);
  await page.locator("details.diff summary").first().click();
  check("a diff opens", await page.locator("details.diff .patch").first().isVisible());
  check("what is drawn has its size", (await page.$eval("svg .pass rect", (bar) => bar.getBoundingClientRect().width)) > 2);
  await page.fill("#filter", "broken");
  equal("the filter works", await title(page), "/broken");
  const before = (await listed(page)).length;
  await page.reload();
  equal("looking leaves no record", (await listed(page)).length, before);
  await leave("live view", page);
};

const withoutScript = async () => {
  const page = await visit({ javaScriptEnabled: false });
  await page.goto("/override");
  await page.click(".badge");
  check("the badge is a link without script too", /\/_ssr#[0-9a-f]{16}$/.test(page.url()));
  await page.context().close();
};

const lightness = (color) => color.match(/\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0);

const screenshots = async () => {
  for (const colorScheme of ["light", "dark"]) {
    const page = await visit({ colorScheme });
    for (const path of ["/flip", "/ideas", "/chain"]) {
      await page.goto(path);
      await picture(page, `live-${colorScheme}${path.replace("/", "-")}`);
    }
    const [ground, ink] = await page.$eval(".badge", (element) => [getComputedStyle(element).backgroundColor, getComputedStyle(element).color]);
    check(`the badge is ${colorScheme}`, lightness(ground) > lightness(ink) === (colorScheme === "light"), { ground, ink });
    await page.click(".badge");
    await page.locator("svg .pass").first().waitFor();
    await picture(page, `live-${colorScheme}-renders`);
    await leave(colorScheme, page);
  }
  const page = await visit({ viewport: { width: 380, height: 700 } });
  await page.goto("/ideas");
  check("a narrow window does not scroll sideways", await page.evaluate("document.documentElement.scrollWidth <= innerWidth"));
  await picture(page, "live-narrow");
  await page.evaluate("scrollTo(0, document.documentElement.scrollHeight)");
  const [box, text] = [await page.locator(".badge").boundingBox(), await page.locator("footer p").last().boundingBox()];
  check("at the end nothing is under the badge", text.y + text.height <= box.y, { box, text });
  await picture(page, "live-narrow-end");
  await leave("narrow", page);
};

await runTests([empty, badge, liveView, withoutScript, screenshots]);
