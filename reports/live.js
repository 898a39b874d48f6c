"use strict";
// The live page: shows each snapshot that the server sends (src/entsurge/live/snapshot.py), and sends what its buttons say.

const words = JSON.parse(document.getElementById("words").textContent);
const SIGNS = {ok: "✓", warn: "!", bad: "✗", shed: "◦", none: "–"};
const VERDICTS = {PASS: ["ok", "✓"], FAIL: ["bad", "✗"], INCONCLUSIVE: ["warn", "?"], INVALID: ["void", "⊘"]};
const SPOKEN_EVERY_MS = 30000;
const SHOWN_ROWS = 12;
const at = (id) => document.getElementById(id);
const whole = new Intl.NumberFormat(words.language, {maximumFractionDigits: 0});
const fine = new Intl.NumberFormat(words.language, {maximumFractionDigits: 1});
const hundredths = new Intl.NumberFormat(words.language, {minimumFractionDigits: 2, maximumFractionDigits: 2});
const plural = new Intl.PluralRules(words.language);
const share = new Intl.NumberFormat(words.language, {style: "percent", maximumFractionDigits: 0});

let last = null;
let over = false;
let busy = false;
let spokenAt = 0;
const spokenOf = new Map();

function say(text, fields) {
  return text.replace(/\{(\w+)\}/g, (_, name) => fields[name]);
}

function seconds(value) {
  if (value === null) return "–";
  return `${value < 9.995 ? hundredths.format(value) : fine.format(value)}\u202fs`;
}

function clock(value) {
  const whole_seconds = Math.max(0, Math.round(value));
  const minutes = Math.floor(whole_seconds / 60);
  const rest = whole_seconds % 60;
  if (!minutes) return `${rest}\u202fs`;
  return rest ? `${minutes}\u202fmin ${String(rest).padStart(2, "0")}\u202fs` : `${minutes}\u202fmin`;
}

/** The largest whole percentage that is not better than the truth: 99.7 % of pages served are not all of them. */
function part(some, of) {
  const found = some / of;
  return share.format(found < 1 && found > 0.5 ? Math.floor(found * 100) / 100 : found);
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function made(name, className, text) {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function fullScale() {
  const [over_, under] = document.body.dataset.scale.split("/").map(Number);
  const found = over_ / (under || 1);
  return found > 0 && found < 1 ? 1 / found : 0;
}

function showStage(now) {
  const phase = words.phases[now.phase] || now.phase;
  const running = now.phase
    ? say(words.stage.running, {phase, t: clock(now.t), end: clock(now.end_s)})
    : words.stage.waiting;
  const ending = busy === "ending" && now.stage === "running";
  put(at("stage"), ending ? words.stage.ending : now.stage === "running" ? running : words.stage[now.stage]);
  at("progress").max = now.end_s || 1;
  at("progress").value = now.stage === "over" ? now.end_s : now.t;
}

function showFigures({figures: {asked, served, shed, failed, wait_seconds: wait}, health}) {
  const scale = fullScale();
  const tell = (name, figure, ...small) => {
    const [big, , beneath] = at(`figure-${name}`).children;
    put(big, figure);
    put(beneath, small.filter(Boolean).join(" · "));
  };
  const of = (some) => asked && say(words.figures.of, {share: part(some, asked)});
  if (!asked && health.present) {
    const one = plural.select(health.present) === "one";
    tell("asked", "–", say(words.figures[one ? "nothing_one" : "nothing"], {n: whole.format(health.present)}));
    for (const name of ["served", "shed", "wait"]) tell(name, "–");
    return;
  }
  tell("asked", whole.format(asked), scale && asked && say(words.figures.whole, {n: rounded(asked * scale)}));
  tell("served", whole.format(served), of(served), failed && say(words.figures.failed, {n: whole.format(failed)}));
  tell("shed", whole.format(shed), shed && of(shed));
  tell("wait", seconds(wait));
}

/** Two digits of a large number: a sample of one in 86 knows no more. */
function rounded(value) {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, value))) - 1);
  return whole.format(Math.round(value / unit) * unit);
}

function showActs(now) {
  const list = at("acts");
  at("no-acts").hidden = now.stage === "waiting" || now.disturbances.length > 0;
  for (const each of now.disturbances) {
    const id = `act-${each.id}`;
    const row = at(id) || list.appendChild(actRow(each, id));
    row.className = each.state;
    const times = {start: clock(each.start_s), end: clock(each.end_s)};
    const touched = each.touched === null ? "" : ` · ${say(words.acts.touched, {n: whole.format(each.touched)})}`;
    const never = each.state === "planned" && now.stage === "over";
    put(row.querySelector(".small"), say(words.acts[never ? "never" : each.state], times) + touched);
    const button = row.querySelector("button");
    button.hidden = each.state !== "in-force";
    button.disabled = Boolean(busy) || !each.stoppable;
    speakOfAct(each);
  }
  at("stop-all").disabled = Boolean(busy) || !now.disturbances.some((each) => each.stoppable);
  at("end").disabled = Boolean(busy) || !now.stoppable;
}

function actRow(of, id) {
  const row = made("li");
  row.id = id;
  const told = made("div");
  const title = made("p", "", `${words.acts[of.kind] || of.kind} : `.replace(" :", words.language === "fr" ? "\u00a0:" : ":"));
  title.append(made("b", "", of.title[words.language] || of.id));
  told.append(title, made("p", "small"));
  const button = made("button", "", words.acts.stop);
  button.type = "button";
  button.setAttribute("aria-label", say(words.acts.stop_named, {name: of.title[words.language] || of.id}));
  button.addEventListener("click", () => press(`/stop/${encodeURIComponent(of.id)}`));
  row.append(told, button);
  return row;
}

function speakOfAct(of) {
  const before = spokenOf.get(of.id);
  spokenOf.set(of.id, of.state);
  if (before !== undefined && before !== of.state && words.spoken[of.state]) {
    put(at("spoken"), say(words.spoken[of.state], {name: of.title[words.language] || of.id}));
    spokenAt = Date.now();
  }
}

function showCells(now) {
  const services = words.order.services.filter((name) => now.cells.some((cell) => cell.service === name));
  const personas = words.order.personas.filter((name) => now.cells.some((cell) => cell.persona === name));
  const shape = JSON.stringify([services, personas]);
  const rows = at("matrix-rows");
  if (rows.dataset.shape !== shape) {
    rows.dataset.shape = shape;
    at("matrix-head").replaceChildren(at("matrix-head").firstElementChild, ...services.map((name) => column(name)));
    rows.replaceChildren(...personas.map((persona) => matrixRow(persona, services)));
  }
  for (const cell of now.cells) showCell(cell);
}

function column(service) {
  const head = made("th", "", words.services[service]);
  head.scope = "col";
  return head;
}

function matrixRow(persona, services) {
  const row = made("tr");
  const head = made("th", "", words.personas[persona] || persona);
  head.scope = "row";
  row.append(head);
  for (const service of services) {
    const cell = made("td");
    const inside = made("span", "cell c-none", SIGNS.none);
    inside.id = `cell-${persona}-${service}`;
    cell.append(inside);
    row.append(cell);
  }
  return row;
}

/** What is wrong stands large: the wait of what comes too late, else the share that is served. */
function showCell({persona, service, asked, served, wait_seconds: wait, owed_seconds: owed, look}) {
  const cell = at(`cell-${persona}-${service}`);
  if (!cell) return;
  cell.className = `cell c-${look}`;
  const both = asked ? [part(served, asked), wait === null ? "" : seconds(wait)] : [];
  if (look === "bad" && wait !== null && owed !== null && wait > owed) both.reverse();
  const figure = asked ? `${SIGNS[look]} ${both[0]}` : SIGNS.none;
  const told = `${figure}|${both[1] || ""}`;
  if (cell.dataset.told === told) return;
  cell.dataset.told = told;
  const hidden = made("span", "sr", ` ${words.looks[look]} `);
  cell.replaceChildren(made("span", "figure", figure), hidden, made("span", "delta", told.split("|")[1]));
}

function showHealth(of) {
  put(at("health-look"), `${SIGNS[of.look]} ${words.health[of.look]}`);
  at("health-look").className = of.look;
  put(at("health-visits"), `${whole.format(of.started)} / ${whole.format(of.offered)}`);
  put(at("health-lost"), whole.format(of.lost));
  put(at("health-present"), whole.format(of.present));
  put(at("health-busy"), share.format(of.busy_share));
  put(at("health-late"), seconds(of.late_seconds));
}

function showCourse(now) {
  const there = now.points.length > 0;
  at("no-course").hidden = there;
  at("pages-chart").hidden = at("wait-chart").hidden = !there;
  if (!there) return;
  draw(at("pages-chart"), now, ["asked", "served", "shed"], fine);
  draw(at("wait-chart"), now, ["wait"], fine);
  at("course-rows").replaceChildren(...now.points.slice(-SHOWN_ROWS).reverse().map((point) => {
    const row = made("tr");
    const head = made("th", "", clock(point.t));
    head.scope = "row";
    const cells = [fine.format(point.asked), fine.format(point.served), fine.format(point.shed), seconds(point.wait_seconds)];
    row.append(head, ...cells.map((text) => made("td", "", text)));
    return row;
  }));
}

function drawn(name, attributes, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

function draw(figure, now, names, format) {
  const width = Math.max(240, figure.clientWidth), height = 150, left = 44, bottom = 20, top = 8;
  const value = (point, name) => (name === "wait" ? point.wait_seconds : point[name]);
  const most = nice(Math.max(...now.points.flatMap((point) => names.map((name) => value(point, name) || 0))));
  const x = (t) => left + (width - left - 4) * Math.min(1, t / (now.end_s || 1));
  const y = (v) => top + (height - top - bottom) * (1 - v / most);
  const svg = drawn("svg", {viewBox: `0 0 ${width} ${height}`, height, "aria-hidden": "true", focusable: "false"});
  for (const each of now.disturbances) {
    const end = x(Math.min(each.end_s, now.end_s));
    if (each.start_s > 0) svg.append(drawn("rect", {class: each.kind, x: x(each.start_s), y: top, width: Math.max(0, end - x(each.start_s)), height: height - top - bottom}));
  }
  for (const mark of [0, most / 2, most]) {
    svg.append(drawn("line", {class: "grid", x1: left, x2: width - 4, y1: y(mark), y2: y(mark)}));
    svg.append(drawn("text", {x: left - 6, y: y(mark) + 4, "text-anchor": "end"}, format.format(mark)));
  }
  for (const mark of [0, 0.5, 1]) {
    const anchor = ["start", "middle", "end"][mark * 2];
    svg.append(drawn("text", {x: x(mark * now.end_s), y: height - 4, "text-anchor": anchor}, clock(mark * now.end_s)));
  }
  for (const name of names) svg.append(drawn("path", {class: name, d: line(now, (point) => value(point, name), x, y)}));
  figure.querySelector("svg")?.remove();
  figure.append(svg);
}

/** The path through the points; a stretch without a value leaves a gap. */
function line(now, value, x, y) {
  let pen = false;
  return now.points.map((point) => {
    const found = value(point);
    const step = found === null ? "" : `${pen ? "L" : "M"}${x(point.t + now.width_seconds / 2).toFixed(1)} ${y(found).toFixed(1)}`;
    pen = found !== null;
    return step;
  }).join("");
}

function nice(value) {
  const unit = 10 ** Math.floor(Math.log10(Math.max(value, 0.1)));
  return [1, 2, 5, 10].map((times) => times * unit).find((mark) => mark >= value) || 1;
}

function speak(now) {
  if (now.stage !== "running" || !now.figures.asked || Date.now() - spokenAt < SPOKEN_EVERY_MS) return;
  spokenAt = Date.now();
  const phase = words.phases[now.phase] || now.phase;
  const {asked, served, wait_seconds: wait} = now.figures;
  put(at("spoken"), say(words.spoken.figures, {phase, served: part(served, asked), wait: seconds(wait)}));
}

function show(now) {
  if (last && last.stage === "waiting" && now.stage !== "waiting" && !document.body.dataset.scale) {
    location.reload(); // the manifest is there now: title, target and personas with it
    return;
  }
  last = now;
  showStage(now);
  showFigures(now);
  showActs(now);
  showCourse(now);
  showCells(now);
  showHealth(now.health);
  speak(now);
}

async function press(path) {
  busy = path === "/end" ? "ending" : "stopping";
  show(last);
  let told;
  try {
    const answer = await fetch(path, {method: "POST", headers: {"X-Entsurge-Token": document.body.dataset.button}});
    const done = answer.headers.get("content-type")?.startsWith("application/json") ? await answer.json() : {ok: false, said: String(answer.status)};
    told = done.ok ? words.acts.done : say(words.acts.failed, {said: done.said});
    if (!done.ok || path !== "/end") busy = false;
  } catch (error) {
    busy = false;
    told = say(words.acts.failed, {said: error.message});
  }
  put(at("answer"), told);
  show(last);
  const held = document.activeElement;
  if (held === document.body || held.hidden || held.disabled) at("acts-title").focus(); // its button is gone
}

function ask(question, yes, path) {
  put(at("question"), question);
  put(at("yes"), yes);
  at("ask").returnValue = "";
  at("yes").onclick = () => { at("ask").close(); press(path); };
  at("ask").showModal();
}

async function conclude(now) {
  over = true;
  busy = "over";
  show(now);
  at("lost").hidden = true;
  put(at("stage"), words.stage.gone);
  put(at("answer"), "");
  const [look, sign] = VERDICTS[now.verdict] || ["void", "–"];
  const card = at("verdict");
  card.className = `card ${look}`;
  card.hidden = false;
  const head = card.querySelector(".head");
  const held = words.verdict[now.verdict] || words.stage.gone;
  put(head, `${sign} ${held}`);
  put(at("how"), now.end ? say(words.verdict.how, {end: words.end[now.end] || words.end.other}) : "");
  put(at("spoken"), held);
  head.focus();
  await keepReport();
}

/** The report, fetched while somebody still gives it out, and kept in this page. */
async function keepReport() {
  const name = `report.${words.language}.html`;
  try {
    const answer = await fetch(`/report/${words.language}`);
    if (!answer.ok) throw new Error(answer.status);
    const link = made("a", "", words.verdict.report);
    link.href = URL.createObjectURL(await answer.blob());
    link.download = name;
    at("report").replaceChildren(link);
  } catch {
    put(at("report"), words.verdict.none);
  }
}

function listen() {
  const events = new EventSource("/events");
  events.addEventListener("look", (event) => { at("lost").hidden = true; show(JSON.parse(event.data)); });
  events.addEventListener("over", async (event) => { await conclude(JSON.parse(event.data)); events.close(); });
  events.addEventListener("error", () => {
    if (over) return;
    at("lost").hidden = false;
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
  });
}

at("stop-all").addEventListener("click", () => ask(words.ask.stop_all, words.ask.yes_stop_all, "/stop"));
at("end").addEventListener("click", () => ask(words.ask.end, words.ask.yes_end, "/end"));
at("no").addEventListener("click", () => at("ask").close());
addEventListener("resize", () => last && showCourse(last));
listen();
