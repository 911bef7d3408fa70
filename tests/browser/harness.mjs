/*
 * What the tests in Chromium share: counting, the browser, a demo server, and pages that note everything that must not
 * happen. Where there is no Chromium the program ends here, and says so.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const executablePath = process.env.CHROMIUM || "/usr/bin/chromium";
const servers = [];
let passed = 0;
let failed = 0;

export const check = (name, isGood, details) => {
  if (isGood) passed++;
  else {
    failed++;
    console.log(`FAILED ${name}`, details === undefined ? "" : details);
  }
};

export const equal = (name, got, wanted) =>
  check(name, JSON.stringify(got) === JSON.stringify(wanted), { got, wanted });

if (!existsSync(executablePath)) {
  console.log(`${basename(process.argv[1])}: no ${executablePath}; set CHROMIUM or install Debian's package chromium`);
  console.log("0 passed, 0 failed, 1 skipped");
  process.exit(0);
}

export const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});

/* Starts the demo with these flags, for its address. */
export const start = async (demo, ...flags) => {
  const server = spawn(demo, ["--port", "0", "--log", "off", ...flags], { stdio: ["ignore", "pipe", "inherit"] });
  servers.push(server);
  for await (const line of createInterface({ input: server.stdout })) {
    const address = /http:\/\/[0-9.:]+/.exec(line);
    if (address) return address[0];
  }
  throw new Error("the demo did not start");
};

/*
 * A page of a visitor who was never here. page.trouble lists what went wrong: messages of the console but those that are
 * expected, errors, dialogs, and requests that leave the origin. before runs before anything of the page.
 */
export const openPage = async ({ origin, expected, before, ...options }) => {
  const context = await browser.newContext(options);
  if (before) await context.addInitScript(before);
  const page = await context.newPage();
  page.trouble = [];
  page.on("console", (message) => {
    if (!expected?.test(message.text())) page.trouble.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => page.trouble.push(`error: ${error.message}`));
  page.on("dialog", async (dialog) => {
    page.trouble.push("dialog");
    await dialog.dismiss();
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(origin)) page.trouble.push(`request: ${request.url()}`);
  });
  return page;
};

/* Clicks what leads to another document, and waits for that. */
export const follow = (page, selector) => Promise.all([page.waitForEvent("load"), page.click(selector)]);

/* Runs the tests one after the other and ends with the counts, whatever happens; then tidies up. */
export const runTests = async (tests, { tidy = () => {}, remark = "" } = {}) => {
  try {
    for (const test of tests) await test();
  } finally {
    await browser.close();
    for (const server of servers) server.kill("SIGTERM");
    tidy();
  }
  console.log(`${passed} passed, ${failed} failed${remark}`);
  process.exitCode = failed === 0 ? 0 : 1;
};
