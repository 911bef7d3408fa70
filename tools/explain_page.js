/*
 * Draws the page of records. What records say goes into the document as text nodes only, after `plain` has spelled out
 * control characters, so that nothing in them is markup, script or a trick with the direction of writing.
 */
"use strict";

(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const byId = (id) => document.getElementById(id);
  const read = (element) => JSON.parse(element.textContent);

  // ---- What a record may hold, whatever it holds ----

  const plain = (text) =>
    text.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
      (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
  const text = (value) =>
    value === undefined || value === null ? "" : plain(typeof value === "string" ? value : JSON.stringify(value));
  const json = (value, indent) => JSON.stringify(value, null, indent).split("\n").map(plain).join("\n");
  const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
  const list = (value) => (Array.isArray(value) ? value.filter(isObject) : []);
  const number = (value) => (typeof value === "number" && value > 0 ? value : 0);
  const cut = (string, length) => (string.length > length ? string.slice(0, Math.max(1, length - 1)) + "\u2026" : string);

  const count = (value) => String(Math.round(number(value))).replace(/\B(?=(\d{3})+$)/g, ",");
  const counted = (value, one, many) => count(value) + " " + (value === 1 ? one : many);
  const ms = (value) => {
    const v = number(value);
    return v >= 1000 ? (v / 1000).toFixed(2) + " s" : v.toFixed(v < 1 ? 3 : v < 10 ? 2 : v < 100 ? 1 : 0) + " ms";
  };

  // ---- Elements ----

  const fill = (element, attributes, children) => {
    for (const [name, value] of Object.entries(attributes || {}))
      if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : String(value));
    for (const child of children.flat())
      if (child !== undefined && child !== null && child !== false && child !== "") element.append(child);
    return element;
  };
  const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
  const s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
  const part = (element, share) => {
    element.style.setProperty("--part", Math.max(0, Math.min(1, share)) * 100 + "%");
    return element;
  };
  const named = (item, kind) => [text(item.kind || kind), " ", h("span", { class: "name" }, text(item.name))];

  // ---- The records, newest first ----

  const goodOutcome = (outcome) => outcome === "settled" || outcome === "redirect";

  const haystack = (record) => {
    const words = [record.id, record.location, record.outcome, record.verdict.kind, record.error];
    for (const pass of record.passLog) {
      for (const key of ["changed", "loads", "lateWrites", "sharedWrites", "refused"])
        for (const item of list(pass[key])) words.push(item.kind, item.name);
      words.push(pass.location);
    }
    for (const advice of list(record.advice)) words.push(advice.kind);
    return words.map(text).join(" ").toLowerCase();
  };

  const load = (element) => {
    const record = read(element);
    record.passLog = list(record.passLog);
    record.verdict = isObject(record.verdict) ? record.verdict : {};
    record.isGood = goodOutcome(record.outcome) && (!record.verdict.kind || record.verdict.kind === "settled");
    record.hash = "#" + (typeof record.id === "string" && record.id ? encodeURIComponent(record.id) : element.id);
    record.haystack = haystack(record);
    return record;
  };

  const about = read(byId("about"));
  const summary = read(byId("summary"));
  const records = [...document.querySelectorAll("script[type='application/json'][id^='record-']")].map(load).reverse();

  // ---- The head ----

  const drawHead = () => {
    const all = count(about.total);
    const what = about.shown < about.total ? `The newest ${count(about.shown)} of ${all} renders` : counted(about.total, "render", "renders");
    byId("about-line").append(what + (about.source ? " from " + text(about.source) : ""));
    if (summary.skippedLines) byId("about-line").append(`; ${counted(summary.skippedLines, "line", "lines")} skipped`);
    const troubled = list(summary.outcomes.rows).filter((row) => !goodOutcome(row.kind)).reduce((sum, row) => sum + row.times, 0);
    const figure = (name, value, isBad) => h("div", { class: isBad ? "bad" : false }, h("dt", {}, name), h("dd", {}, value));
    byId("figures").append(
      figure("passes, median", count(summary.passes.median)),
      figure("passes, p95", count(summary.passes.p95)),
      figure("passes, worst", count(summary.passes.worst)),
      ...(summary.ms ? [figure("time, median", ms(summary.ms.median))] : []),
      figure("not settled", count(troubled), troubled > 0));
  };

  // ---- The list ----

  const discs = (record) => {
    const passes = Math.round(number(record.passes));
    const element = h("span", { class: "discs", title: counted(passes, "pass", "passes") });
    for (let i = 1; i <= Math.min(passes, 6); i++)
      element.append(h("i", { class: i === Math.min(passes, 6) ? "kept" : false }));
    return fill(element, {}, [h("span", {}, count(passes))]);
  };

  const tags = (record) => {
    const shown = [];
    if (!goodOutcome(record.outcome)) shown.push(h("span", { class: "tag bad" }, cut(text(record.outcome), 40)));
    if (record.outcome === "redirect") shown.push(h("span", { class: "tag" }, "redirect"));
    if (record.verdict.kind && record.verdict.kind !== "settled" && record.verdict.kind !== "ended")
      shown.push(h("span", { class: "tag bad" }, cut(text(record.verdict.kind), 40)));
    return h("div", { class: "tags" }, shown);
  };

  const row = (record) => {
    record.link = h("a", { href: record.hash }, cut(text(record.location) || "(no location)", 200));
    record.row = h("tr", {}, h("td", {}, record.link, tags(record)), h("td", {}, discs(record)),
      h("td", { class: "number" }, typeof record.ms === "number" ? ms(record.ms + number(record.waitMs)) : "\u2013"));
    record.row.addEventListener("click", (event) => {
      event.preventDefault();
      choose(record);
      record.link.focus({ preventScroll: true });
    });
    return record.row;
  };

  const visible = () => records.filter((record) => !record.row.hidden);

  const filter = () => {
    const words = byId("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
    const onlyTroubled = byId("troubled").checked;
    for (const record of records)
      record.row.hidden = (onlyTroubled && record.isGood) || !words.every((word) => record.haystack.includes(word));
    const found = visible();
    byId("found").textContent = `${count(found.length)} of ${count(records.length)} shown here`;
    if (found.length > 0 && (!chosen || chosen.row.hidden)) choose(found[0], true);
  };

  const filterBy = (words) => {
    byId("filter").value = words;
    byId("troubled").checked = false;
    filter();
    byId("filter").focus();
  };

  let chosen = null;

  const choose = (record, isQuiet) => {
    if (chosen) chosen.row.removeAttribute("aria-current");
    chosen = record;
    record.row.setAttribute("aria-current", "true");
    record.row.scrollIntoView({ block: "nearest" });
    if (!isQuiet) history.replaceState(null, "", record.hash);
    drawDetail(record);
  };

  // ---- One render: head, verdict, advice ----

  const writers = (item) => {
    const places = Array.isArray(item.writers) ? item.writers.map((writer) => text(isObject(writer) ? writer.at : writer)) : [];
    return places.length > 0 ? ", set at " + places.join(", ") : "";
  };

  const verdictItem = (item, kind) => h("li", {}, "\u2013 ", named(item, kind),
    item.pass !== undefined && " in pass " + text(item.pass), item.at !== undefined && " at " + text(item.at),
    item.times !== undefined && ", " + text(item.times) + " times", item.looksLike !== undefined && ", looks like: " + text(item.looksLike),
    writers(item));

  const drawVerdict = (record) => {
    const verdict = record.verdict;
    const items = [...list(verdict.stores).map((item) => verdictItem(item, "store")),
      ...list(verdict.queries).map((item) => verdictItem(item, "query")), ...list(verdict.chain).map((item) => verdictItem(item, "store"))];
    return [
      (record.error || record.message) && h("p", { class: "verdict failure" }, text(record.error), record.message && ": " + text(record.message)),
      h("p", { class: "verdict" }, verdict.text ? text(verdict.text) : "no verdict"),
      items.length > 0 && h("ul", { class: "named" }, items),
      record.truncated === true && h("p", { class: "quiet" }, "The record outgrew its size; its later passes are missing."),
    ].filter(Boolean);
  };

  const drawFacts = (record) => {
    const facts = [h("span", { class: "tag " + (goodOutcome(record.outcome) ? "good" : "bad") }, text(record.outcome)),
      counted(record.passes, "pass", "passes")];
    if (record.ms !== undefined) facts.push(ms(record.ms) + (record.waitMs ? " and " + ms(record.waitMs) + " of waiting" : ""));
    if (record.status !== undefined) facts.push("status " + text(record.status));
    if (record.bytes !== undefined) facts.push(counted(record.bytes, "byte", "bytes"));
    if (number(record.time) && number(record.time) < 8e15) facts.push(new Date(record.time).toLocaleString());
    if (record.id !== undefined) facts.push("id " + text(record.id));
    return h("p", { class: "facts" }, facts.map((fact) => (typeof fact === "string" ? h("span", {}, fact) : fact)));
  };

  // ---- The drawing: passes from left to right, below them what they set and what was loaded ----

  const GUTTER = 58, TOP = 18, PASS = 26, LANE = 30;

  /* Where each pass and each wait begins and ends. Each has room to be seen; what is left is shared by duration. */
  const layOut = (passes, width) => {
    const spans = passes.map((pass) => ({
      pass,
      loads: list(pass.loads),
      took: number(pass.ms),
      waited: Math.max(0, ...list(pass.loads).map((load) => number(load.ms))),
      least: Number(pass.pass) > 0 ? 30 : 12,
      leastWait: list(pass.loads).length > 0 ? 90 : list(pass.changed).length > 0 ? 34 : 10,
    }));
    const least = spans.reduce((sum, span) => sum + span.least + span.leastWait, 0);
    const total = spans.reduce((sum, span) => sum + span.took + span.waited, 0);
    const rest = Math.max(0, width - GUTTER - least - 8);
    let x = GUTTER;
    for (const span of spans) {
      span.x = x;
      span.end = x + span.least + (total ? (rest * span.took) / total : 0);
      span.waitEnd = span.end + span.leastWait + (total ? (rest * span.waited) / total : 0);
      x = span.waitEnd;
    }
    return { spans, width: Math.max(width, x + 8) };
  };

  const drawPass = (span, index, isKept) => {
    const isBefore = !(Number(span.pass.pass) > 0);
    const group = s("g", { class: "pass" + (isKept ? " kept" : span.pass.completed === false ? " cut" : ""), "data-goes": `pass-${index}` },
      s("title", {}, (isBefore ? "before the first pass" : "pass " + text(span.pass.pass)) + (span.took ? ", " + ms(span.took) : "")),
      s("rect", { x: span.x, y: TOP, width: span.end - span.x, height: PASS, rx: 4 }));
    if (!isBefore) group.append(s("text", { x: (span.x + span.end) / 2, y: TOP + 17.5 }, cut(text(span.pass.pass), 4)));
    const parts = [group];
    if (span.took && span.waitEnd - span.x > 50)
      parts.push(s("text", { class: "ms", x: span.x, y: TOP - 6 }, ms(span.took)));
    return parts;
  };

  /* Diamonds for what a pass set, with as many names as there is room for, and the arc to the pass it caused. */
  const drawSet = (span, index, next, room) => {
    const changed = list(span.pass.changed);
    if (changed.length === 0) return [];
    const y = TOP + PASS + 19, x = span.end;
    const names = changed.map((change) => text(change.name)).join(", ");
    const parts = [s("g", { class: "set", "data-goes": `pass-${index}`, "data-opens": true },
      s("title", {}, "set: " + names), s("path", { d: `M${x} ${y - 5}l5 5l-5 5l-5 -5z` }),
      room > 40 && s("text", { x: x + 9, y: y + 4 }, cut(names, Math.floor((room - 12) / 7))))];
    const above = TOP + PASS + 6;
    if (next) parts.push(s("path", { class: "arc", d: `M${x} ${y - 6}Q${x} ${above} ${x + 5} ${above}H${next.x + 3}Q${next.x + 8} ${above} ${next.x + 8} ${TOP + PASS}` }));
    return parts;
  };

  const drawLoad = (span, load, index, lane, top, room) => {
    const y = top + lane * LANE, x = span.end;
    const length = span.waited ? Math.max(4, ((span.waitEnd - x) * number(load.ms)) / span.waited) : span.waitEnd - x;
    const state = load.state === "failed" || load.state === "pending" ? " " + load.state : "";
    const label = text(load.name) + (load.ms !== undefined ? "  " + ms(load.ms) : "");
    return s("g", { class: "load" + state, "data-goes": `pass-${index}` },
      s("title", {}, `${text(load.kind)} ${text(load.name)} ${text(load.args)} ${text(load.state)}`),
      s("rect", { x, y: y + 15, width: Math.max(3, length - 3), height: 7, rx: 3.5 }),
      s("text", { x, y: y + 10 }, cut(label, Math.floor(room / 7))));
  };

  /* The room to the right of `x` until something else in the same lane begins. */
  const roomIn = (spans, from, width, isTaken) => {
    const next = spans.slice(from + 1).find(isTaken);
    return (next ? next.end : width) - spans[from].end - 8;
  };

  const draw = (record, width) => {
    const { spans, width: drawn } = layOut(record.passLog, width);
    const isChange = (span) => list(span.pass.changed).length > 0;
    const hasChanges = spans.some(isChange);
    const lanes = Math.max(0, ...spans.map((span) => Math.min(12, span.loads.length)));
    const top = TOP + PASS + (hasChanges ? 34 : 8);
    const height = top + lanes * LANE + 6;
    const last = spans.reduce((found, span, index) => (span.pass.completed === true && Number(span.pass.pass) > 0 ? index : found), -1);
    const label = (y, what) => s("text", { class: "lane", x: 0, y }, what);
    const svg = s("svg", { width: drawn, height, viewBox: `0 0 ${drawn} ${height}`, role: "img",
      "aria-label": `Timeline of ${counted(record.passes, "pass", "passes")}; the list below says the same.` },
      label(TOP + 17, "passes"), hasChanges && label(TOP + PASS + 23, "set"), lanes > 0 && label(top + 14, "loads"));
    spans.forEach((span) => span.loads.length > 0 &&
      svg.append(s("rect", { class: "wait", x: span.end, y: TOP, width: span.waitEnd - span.end, height: height - TOP, rx: 3 })));
    spans.forEach((span, index) => {
      svg.append(...drawPass(span, index, index === last));
      svg.append(...drawSet(span, index, spans[index + 1], roomIn(spans, index, drawn, isChange)));
      span.loads.slice(0, 12).forEach((load, lane) =>
        svg.append(drawLoad(span, load, index, lane, top, roomIn(spans, index, drawn, (other) => other.loads.length > lane))));
    });
    return svg;
  };

  // ---- Its passes, in words ----

  const operation = (op) => {
    const value = op.value === undefined ? "" : " " + cut(json(op.value), 70);
    if (op.path === "" && op.op === "replace") return "\u2192" + value;
    return text(op.op) + (op.from === undefined ? "" : " " + text(op.from) + " to") + " " + text(op.path) + value;
  };

  const operationLines = (op) => {
    const sign = { add: "+", remove: "\u2212", replace: "~" }[op.op] || "\u00b7";
    const path = op.path === "" ? "the whole value" : text(op.path);
    const known = op.op === "add" || op.op === "remove" || op.op === "replace" ? op.op : "other";
    return h("pre", { class: known }, `${sign} ${path}${op.from === undefined ? "" : " from " + text(op.from)}`,
      op.value === undefined ? "" : "\n" + json(op.value, 2));
  };

  const writtenBy = (change) => [
    change.by !== undefined && "by " + text(change.by),
    change.at !== undefined && "at " + text(change.at),
    change.component !== undefined && "in component " + text(change.component),
    change.readFirst === true && "after it had been read",
  ].filter(Boolean).join(" ");

  const drawChange = (change) => {
    const patch = list(change.patch);
    const short = patch.length > 0 ? patch.slice(0, 3).map(operation).join("; ") + (patch.length > 3 ? " \u2026" : "") :
      change.size !== undefined ? "now " + counted(change.size, "byte", "bytes") : "value not shown";
    const digests = [change.before, change.after].filter((digest) => digest !== undefined).map(text);
    return h("details", { class: "diff" },
      h("summary", {}, named(change, "store"), " ", h("code", {}, short)),
      h("div", { class: "patch" }, patch.map(operationLines),
        writtenBy(change) && h("p", {}, "Set " + writtenBy(change)),
        Array.isArray(change.writers) && h("p", {}, "In this pass " + writers(change).slice(2)),
        digests.length > 0 && h("p", { class: "mono" }, digests.join(" \u2192 ")),
        patch.length === 0 && h("p", {}, change.size !== undefined ? "The change is too large for the log." : "The log does not show this value.")));
  };

  const drawCause = (cause) => {
    if (cause.kind === "redirect") return ["a redirect from ", h("code", {}, text(cause.from))];
    return [...named(cause, "store"), cause.args !== undefined && h("code", {}, " " + cut(text(cause.args), 120)),
      cause.kind === "query" || cause.kind === "hook" ? " was loaded" : " changed",
      cause.setIn !== undefined && " in pass " + text(cause.setIn), cause.at !== undefined && " at " + text(cause.at)].filter(Boolean);
  };

  const drawLoadRow = (load, longest) => {
    const failed = load.state === "failed" || load.state === "pending";
    const waited = list(load.waitedFor).map((item) => [...named(item, "store"),
      item.setIn !== undefined ? " set in pass " + text(item.setIn) : "", item.at !== undefined ? " at " + text(item.at) : ""]);
    return [
      load.ms !== undefined && h("span", { class: "bar" + (load.state === "failed" ? " failed" : "") },
        part(h("i", {}), longest ? number(load.ms) / longest : 0)),
      load.ms !== undefined && h("span", { class: "took quiet" }, ms(load.ms)),
      ...named(load, "query"), load.args !== undefined && h("code", {}, " " + cut(text(load.args), 160)),
      failed && h("span", { class: "failure" }, " " + text(load.state) + (load.code === undefined ? "" : " with " + text(load.code)) +
        (load.reason === undefined ? "" : ": " + text(load.reason))),
      waited.length > 0 && h("div", { class: load.ms === undefined ? "quiet" : "quiet waited" }, "waited for ", waited.flatMap((one, i) => (i ? [", ", ...one] : one))),
    ].filter(Boolean);
  };

  const drawRefused = (call) => [h("span", { class: "failure" }, text(call.error)), " from ", h("code", {}, text(call.call)),
    call.name !== undefined && [" for ", ...named(call, "store")], call.byte !== undefined && " at byte " + text(call.byte),
    call.initOf !== undefined && " in the init function of " + text(call.initOf), call.at !== undefined && " at " + text(call.at)].flat().filter(Boolean);

  const drawPassRow = (record, pass, index, longest) => {
    const rows = h("dl", { class: "rows" });
    const add = (label, items, drawOne) => items.forEach((item, i) => rows.append(h("dt", {}, i === 0 ? label : ""), h("dd", {}, drawOne(item))));
    add("because", list(pass.causes), drawCause);
    add("changed", list(pass.changed), drawChange);
    add("late", list(pass.lateWrites), (write) => [...named(write, "store"), " was changed after it had been read, at " + text(write.at)]);
    add("shared", list(pass.sharedWrites), (write) => ["store ", h("span", { class: "name" }, text(write.name)), " was written for every visitor, at " + text(write.at)]);
    add("refused", list(pass.refused), drawRefused);
    add("loaded", list(pass.loads), (load) => drawLoadRow(load, longest));
    const facts = [pass.location !== undefined && text(pass.location), pass.bytes !== undefined && counted(pass.bytes, "byte", "bytes"),
      pass.ms !== undefined && ms(pass.ms), Number(pass.pass) > 0 && pass.completed === false && "not completed"].filter(Boolean);
    return h("li", { id: `pass-${index}`, tabindex: -1 },
      h("h3", {}, Number(pass.pass) > 0 ? "Pass " + text(pass.pass) : "Before the first pass", facts.map((fact) => h("span", {}, fact))),
      rows.children.length > 0 && rows);
  };

  const goTo = (event) => {
    const place = event.target.closest("[data-goes]");
    if (!place) return;
    const pass = byId(place.getAttribute("data-goes"));
    if (place.hasAttribute("data-opens")) pass.querySelectorAll("details.diff").forEach((diff) => (diff.open = true));
    pass.scrollIntoView({ block: "nearest" });
    pass.focus({ preventScroll: true });
  };

  let drawing = null;

  const redraw = () => {
    if (drawing && chosen) drawing.replaceChildren(draw(chosen, Math.max(320, drawing.clientWidth)));
  };

  const drawDetail = (record) => {
    const longest = Math.max(0, ...record.passLog.flatMap((pass) => list(pass.loads).map((load) => number(load.ms))));
    const advice = list(record.advice).map((one) => h("li", {}, h("b", {}, text(one.kind)), h("span", {}, text(one.text))));
    drawing = h("div", { class: "drawing" });
    drawing.addEventListener("click", goTo);
    byId("detail").replaceChildren(
      h("h2", { id: "detail-title" }, text(record.location) || "(no location)"), drawFacts(record), ...drawVerdict(record),
      ...(advice.length > 0 ? [h("ul", { class: "advice" }, advice)] : []),
      ...(record.passLog.length > 0 ? [drawing, h("p", { class: "scale" }, "Not to scale: each step is wide enough to be seen, and the rest of the width is shared by duration.")] : []),
      h("ol", { class: "passes" }, record.passLog.map((pass, index) => drawPassRow(record, pass, index, longest))));
    if (record.passLog.length > 0) redraw();
  };

  // ---- All together ----

  const SHOWN = 20;

  const table = (title, rows, others, heads, cells, isWide) => {
    if (rows.length === 0) return undefined;
    const more = Math.max(0, rows.length - SHOWN);
    const rest = [more > 0 && `and ${count(more)} more`, others > 0 && `others, not told apart: ${count(others)}`].filter(Boolean).join("; ");
    return h("div", { class: isWide ? "wide" : false }, h("h3", {}, title), h("div", { class: "scroll" },
      h("table", {},
        h("thead", {}, h("tr", {}, heads.map((head, i) => h("th", { scope: "col", class: i > 0 && "number" }, head)))),
        h("tbody", {}, rows.slice(0, SHOWN).map((one) => h("tr", {}, cells(one).map((cell, i) => h("td", { class: i > 0 && "number" }, cell)))))),
      rest && h("p", { class: "rest" }, rest)));
  };

  const finder = (label, words) => {
    const button = h("button", { type: "button", title: "Filter the renders by this" }, label);
    button.addEventListener("click", () => filterBy(words));
    return button;
  };

  const rowsOf = (name) => list(isObject(summary[name]) ? summary[name].rows : []);

  const routesTable = () => table("Routes and their passes", rowsOf("routes"), summary.routes.others,
    ["Route", "Renders", "Median", "p95", "Worst", "Time, median", "Not settled"],
    (row) => [finder(cut(text(row.route), 120) || "(none)", text(row.route).split(":n")[0]), count(row.renders), count(row.passes.median), count(row.passes.p95),
      count(row.passes.worst), row.ms ? ms(row.ms.median) : "\u2013",
      h("span", { class: row.notSettled > 0 ? "failure" : "quiet" }, count(row.notSettled))], true);

  const causesTable = () => {
    const rows = rowsOf("causes");
    const most = Math.max(1, ...rows.map((row) => row.passes));
    return table("What caused further passes", rows, summary.causes.others, ["Store, cookie or query", "Passes", "Renders"],
      (row) => [[text(row.what.kind), " ", finder(cut(text(row.what.name), 60), text(row.what.name)), row.what.at !== undefined && h("span", { class: "quiet mono" }, " " + text(row.what.at))].filter(Boolean),
        [count(row.passes), h("span", { class: "share", "aria-hidden": "true" }, part(h("i", {}), row.passes / most))], count(row.renders)]);
  };

  const waitsTable = () => table("What was loaded one after the other", rowsOf("waits"), summary.waits.others, ["Chain", "Times", "Each"],
    (row) => [list(row.steps).flatMap((step, i) => [i > 0 ? " \u2192 " : "", text(step.kind) + " ", finder(cut(text(step.name), 60), text(step.name))]),
      count(row.times), ms(row.ms)]);

  const findings = (title, rows, others) => table(title, rows, others, ["Kind", "Times"],
    (row) => [[finder(row.kind === null ? "no verdict" : cut(text(row.kind), 60), row.kind === null ? "" : text(row.kind)),
      row.example.text !== undefined && h("div", {}, text(row.example.text)),
      h("div", { class: "quiet" }, `as in line ${count(row.example.line)}` + (row.example.id !== undefined ? ", id " + text(row.example.id) : ""))].filter(Boolean), count(row.times)]);

  const drawTogether = () => {
    const tables = [routesTable(), causesTable(), waitsTable(),
      findings("Did not settle as it should", rowsOf("verdicts").filter((row) => row.kind !== "settled"), summary.verdicts.others),
      findings("Advice", rowsOf("advice"), summary.advice.others)].filter(Boolean);
    byId("together").append(h("h2", { id: "together-title" }, `All ${counted(summary.renders, "render", "renders")} together`), h("div", { class: "tables" }, tables));
  };

  // ---- Keys ----

  const step = (by) => {
    const shown = visible();
    const next = shown[Math.max(0, Math.min(shown.length - 1, shown.indexOf(chosen) + by))];
    if (!next) return;
    choose(next);
    next.link.focus({ preventScroll: true });
  };

  const onKey = (event) => {
    const isTyping = event.target.matches("input");
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/" && !isTyping) byId("filter").focus();
    else if (event.key === "Escape" && event.target === byId("filter")) filterBy("");
    else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && event.target.closest("#list")) step(event.key === "ArrowDown" ? 1 : -1);
    else if (event.key === "Enter" && event.target.closest("#renders")) byId("detail").focus();
    else return;
    event.preventDefault();
  };

  const chooseByHash = () => {
    const record = records.find((one) => one.hash === location.hash);
    if (record) choose(record, true);
    return record !== undefined;
  };

  drawHead();
  drawTogether();
  document.querySelector("#renders tbody").append(...records.map(row));
  if (records.length > 0) {
    if (!chooseByHash()) choose(records[0], true);
    filter();
  } else {
    byId("detail").append(h("h2", { id: "detail-title" }, "No renders yet"), h("p", { class: "quiet" }, "Ask for a page, then look here again."));
  }
  byId("filter").addEventListener("input", filter);
  byId("troubled").addEventListener("change", filter);
  byId("search").addEventListener("submit", (event) => event.preventDefault());
  addEventListener("keydown", onKey);
  addEventListener("hashchange", chooseByHash);
  addEventListener("resize", redraw);
})();
