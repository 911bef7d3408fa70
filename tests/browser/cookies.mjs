/*
 * The demo's cookies in Chromium: cookies.mjs SSRDEMO [FOLDER]. What the site sets, the browser keeps, sends back and
 * forgets. With a folder, screenshots are left in it. Skipped, and said so, where there is no Chromium.
 */
import { join } from "node:path";

import { equal, follow, openPage, runTests, start } from "./harness.mjs";

const [demo, pictures] = process.argv.slice(2);

const address = await start(demo);

/* A visitor who was never here, with a note of everything that must not happen. */
const visit = (options = {}) =>
  openPage({ origin: address, baseURL: address, viewport: { width: 1280, height: 900 }, ...options });

const leave = async (name, page) => {
  equal(`${name}: no trouble`, page.trouble, []);
  await page.context().close();
};

const picture = async (page, name) => {
  if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
};

const kept = async (page) => (await page.context().cookies()).map((cookie) => cookie.name).sort();
const cookie = async (page, name) => (await page.context().cookies()).find((each) => each.name === name);
const theme = (page) => page.getAttribute("html", "data-theme");
const paper = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
const notices = (page) => page.locator(".notice").allTextContents();
const here = (page) => new URL(page.url()).pathname;

const light = "rgb(251, 245, 233)";
const dark = "rgb(23, 19, 31)";

/* root: "" for the pages in C, "/lua" for the templates. */
const themes = async (root) => {
  const page = await visit({ colorScheme: "light" });
  await page.goto(`${root}/theme`);
  equal(`${root} a new visitor has the system's theme`, [await theme(page), await paper(page)], ["auto", light]);
  await follow(page, ".choices >> text=Dark");
  equal(`${root} the answer to the click is dark`, [await theme(page), await paper(page)], ["dark", dark]);
  equal(`${root} the header has the word`, await page.textContent(".you a"), "Theme: dark");
  const set = await cookie(page, "theme");
  equal(`${root} the browser keeps it`, [set.value, set.path, set.httpOnly, set.sameSite], ["dark", "/", false, "Lax"]);
  equal(`${root} for a year`, Math.round((set.expires - Date.now() / 1000) / 86400), 365);
  equal(`${root} scripts see it`, await page.evaluate(() => document.cookie), "theme=dark");
  await page.goto(`${root}/ideas`);
  equal(`${root} other pages are dark`, [await theme(page), await paper(page)], ["dark", dark]);
  await page.reload();
  equal(`${root} and after a reload`, [await theme(page), await paper(page)], ["dark", dark]);
  await page.goto(`${root}/theme?set=auto`);
  await page.emulateMedia({ colorScheme: "dark" });
  equal(`${root} auto follows the system`, await paper(page), dark);
  await page.goto(`${root}/theme?set=light`);
  equal(`${root} light does not`, [await theme(page), await paper(page)], ["light", light]);
  await leave(`${root} themes`, page);
};

const sessions = async (root) => {
  const page = await visit();
  await page.goto(`${root}/account`);
  await follow(page, "main >> text=Sign in");
  await page.fill("#name", "  Zoë <b>Ünal</b>  ");
  await follow(page, "main button");
  equal(`${root} signing in leads to the account`, here(page), `${root}/account`);
  equal(`${root} with a welcome`, await notices(page), ["Welcome, Zoë <b>Ünal</b>."]);
  equal(`${root} and the name in the header`, await page.textContent(".you li:last-child"), "Zoë <b>Ünal</b>");
  equal(`${root} the message is gone, the session stays`, await kept(page), ["session"]);
  const session = await cookie(page, "session");
  equal(`${root} which no script can see`, [session.httpOnly, session.sameSite, await page.evaluate(() => document.cookie)],
    [true, "Lax", ""]);
  await page.reload();
  equal(`${root} a reload shows no message`, await notices(page), []);
  equal(`${root} and still who it is`, await page.textContent("main strong"), "Zoë <b>Ünal</b>");

  const value = session.value.slice(0, -1) + (session.value.endsWith("A") ? "B" : "A");
  await page.context().addCookies([{ ...session, value }]);
  await page.reload();
  equal(`${root} a changed session is none`, await page.textContent(".you li:last-child"), "Sign in");
  await page.context().addCookies([session]);
  await page.reload();
  await follow(page, "main >> text=Sign out");
  equal(`${root} signing out leads to the start`, here(page), `${root}/`);
  equal(`${root} with a word`, await notices(page), ["You have signed out."]);
  equal(`${root} and nothing is left`, await kept(page), []);
  await page.goBack();
  equal(`${root} the page before is asked for again`, await page.textContent(".you li:last-child"), "Sign in");
  await leave(`${root} sessions`, page);
};

const refusals = async () => {
  const page = await visit();
  await page.goto("/sign-in");
  await page.fill("#name", "   ");
  await follow(page, "main button");
  equal("a name of blanks is refused", [here(page), await kept(page)], ["/sign-in", []]);
  equal("with a reason", (await page.textContent(".failure")).slice(0, 6), "A name");
  page.trouble = page.trouble.filter((line) => !line.includes("status of 400"));
  await leave("refusals", page);

  /* Chromium takes "localhost" for another site than 127.0.0.1. */
  const stranger = await visit();
  await stranger.route("http://localhost/", (route) => route.fulfill({
    contentType: "text/html",
    body: `<form method="post" action="${address}/sign-in"><input name="name" value="Mallory"><button>Win</button></form>`,
  }));
  await stranger.goto("http://localhost/");
  const [answer] = await Promise.all([
    stranger.waitForResponse((response) => response.url() === `${address}/sign-in`),
    stranger.click("button"),
  ]);
  equal("a form of another site is refused", [answer.status(), await kept(stranger)], [403, []]);
  await stranger.context().close();
};

const biscuits = async () => {
  const page = await visit();
  const jar = async (name) => {
    await follow(page, `main >> text="${name}"`);
    const footer = await page.textContent("footer strong");
    const value = (await cookie(page, "biscuit"))?.value;
    await follow(page, "text=All of them");
    return [value, footer];
  };
  await page.goto("/cookies");
  equal("set", await jar("Set one"), ["ginger", "Rendered in 2 passes:"]);
  equal("set again", await jar("Set one"), ["ginger", "Rendered in 1 pass:"]);
  equal("into a store", await jar("Into a store"), ["ginger", "Rendered in 2 passes:"]);
  equal("delete, then set", await jar("Delete, then set"), ["shortbread", "Rendered in 2 passes:"]);
  equal("from a store", await jar("From a store"), ["oat", "Rendered in 3 passes:"]);
  equal("never the same", await jar("Never the same"), ["No.%2026", "Rendered in 26 passes:"]);
  equal("delete", await jar("Delete"), [undefined, "Rendered in 2 passes:"]);
  equal("delete what is not there", await jar("Delete"), [undefined, "Rendered in 1 pass:"]);
  await leave("biscuits", page);
};

const pages = async () => {
  const page = await visit();
  for (const name of ["dark", "light"]) {
    await page.goto(`/theme?set=${name}`);
    await picture(page, `theme-${name}`);
    await page.goto("/sign-in");
    await picture(page, `sign-in-${name}`);
    await page.fill("#name", "Ines Okafor");
    await follow(page, "main button");
    await picture(page, `account-${name}`);
    await page.goto("/cookies/set");
    await page.goto("/cookies");
    await picture(page, `cookies-${name}`);
    await page.goto("/cookies/from-store");
    await picture(page, `biscuit-${name}`);
    await page.goto("/");
    await picture(page, `start-${name}`);
    await page.setViewportSize({ width: 390, height: 800 });
    await page.goto("/account");
    await picture(page, `narrow-${name}`);
    for (const path of ["/account", "/", "/ideas", "/ideas/1", "/chain", "/island", "/cookies", "/leak"]) {
      await page.goto(path);
      equal(`${name}: ${path} is no wider than a phone`,
        await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
    }
    await page.setViewportSize({ width: 1280, height: 900 });
  }
  await leave("pages", page);
};

const inBoth = async () => {
  for (const root of ["", "/lua"]) {
    await themes(root);
    await sessions(root);
  }
};

await runTests([inBoth, refusals, biscuits, pages]);
