// The console's behaviours, one small function each. Pages work without them for reading.
const $ = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const typing = (event) => event.target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]");

function toast(text) {
  const place = $("#toast");
  if (!place) return;
  place.textContent = text;
  clearTimeout(place.timer);
  place.timer = setTimeout(() => { place.textContent = ""; }, 1800);
}

// Copyable ids.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  event.preventDefault();
  await navigator.clipboard?.writeText(button.dataset.copy);
  toast(document.body.dataset.copied);
});

// A menu closes when one looks elsewhere.
document.addEventListener("click", (event) => {
  for (const menu of all("details.menu[open], .more details[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// Rows: a click opens, j and k walk, Enter opens, x chooses.
const rows = () => all("[data-rows] tbody tr");
function walk(step) {
  const list = rows();
  const at = list.findIndex((row) => row.classList.contains("here"));
  const next = list[Math.min(Math.max(at + step, 0), list.length - 1)];
  if (!next) return;
  list[at]?.classList.remove("here");
  next.classList.add("here");
  (next.querySelector("a.open") ?? next.querySelector("a, input"))?.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}
document.addEventListener("click", (event) => {
  const row = event.target.closest("[data-rows] tbody tr");
  if (!row || event.target.closest("a, button, input, label, select, form:not(#bulk), summary")) return;
  if (String(getSelection())) return;
  const link = $("a.open", row);
  if (link) event.metaKey || event.ctrlKey ? open(link.href) : link.click();
});
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-pick-all]")) {
    for (const box of all("td.pick input")) box.checked = event.target.checked;
  }
  if (event.target.closest(".pick")) {
    for (const row of rows()) row.classList.toggle("picked", Boolean($("td.pick input", row)?.checked));
  }
});

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "k") {
    event.preventDefault();
    palette();
  }
  if (typing(event) || event.ctrlKey || event.metaKey || event.altKey) return;
  const here = $("[data-rows] tr.here");
  if (event.key === "j") walk(1);
  else if (event.key === "k") walk(-1);
  else if (event.key === "x" && here) $("td.pick input", here)?.click();
  else if (event.key === "Enter" && here && !event.target.closest("a, button")) $("a.open", here)?.click();
  else if (event.key === "/") { event.preventDefault(); $("#q")?.focus(); }
  else if (event.key === "Escape") for (const menu of all("details.menu[open]")) menu.open = false;
});

// The command palette: every place of the navigation and every action of the page, by words.
function palette() {
  const dialog = $("#palette");
  if (!dialog || dialog.open) return;
  const links = [...new Map(all("nav.side a, .switch a, .heading .actions a, .tabs a").map((a) => [a.href, a.textContent.trim()]))];
  dialog.replaceChildren();
  const input = Object.assign(document.createElement("input"), { type: "search", autocomplete: "off" });
  input.setAttribute("aria-label", dialog.getAttribute("aria-label"));
  input.placeholder = dialog.getAttribute("aria-label");
  const list = document.createElement("ul");
  let at = 0;
  const show = () => {
    const words = input.value.toLowerCase().split(/\s+/);
    const found = links.filter(([, name]) => words.every((word) => name.toLowerCase().includes(word))).slice(0, 12);
    const search = $("form.search");
    if (input.value && search) found.push([`${search.action}?q=${encodeURIComponent(input.value)}`, `${$("#q").placeholder} “${input.value}”`]);
    at = Math.min(at, Math.max(found.length - 1, 0));
    list.replaceChildren(...found.map(([href, name], place) => {
      const item = document.createElement("li");
      item.className = place === at ? "here" : "";
      item.append(Object.assign(document.createElement("a"), { href, textContent: name }));
      return item;
    }));
  };
  input.addEventListener("input", () => { at = 0; show(); });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") { at += 1; show(); event.preventDefault(); }
    if (event.key === "ArrowUp") { at = Math.max(at - 1, 0); show(); event.preventDefault(); }
    if (event.key === "Enter") { event.preventDefault(); $("li.here a", list)?.click(); }
  });
  dialog.append(input, list);
  show();
  dialog.showModal();
}

// A file goes into the text that a form sends; only its beginning, where the text takes no more.
document.addEventListener("change", async (event) => {
  const into = event.target.dataset?.into;
  if (!into || !event.target.files[0]) return;
  const area = $(`#${into}`);
  const file = event.target.files[0];
  area.value = area.maxLength > 0 ? (await file.slice(0, 4 * area.maxLength).text()).slice(0, area.maxLength) : await file.text();
});

// The operator's token stands behind `#`, where no server sees it.
function setup() {
  const form = $("[data-setup]");
  if (!form || location.hash.length < 2) return;
  form.elements.token.value = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, "", location.pathname);
}

// A slider through time: what came later fades while it moves, and where it is let go the page is as it was.
function moved({ target }, letGo) {
  if (target.dataset?.through === undefined) return;
  const times = target.dataset.times.split(" ");
  const last = Number(target.value) === times.length - 1;
  const at = times[target.value];
  for (const item of all(".timeline [data-at]")) item.classList.toggle("later", !last && item.dataset.at > at);
  if (letGo) location.assign(last ? target.dataset.through : `${target.dataset.through}?at=${encodeURIComponent(at)}`);
}
document.addEventListener("input", (event) => moved(event, false));
document.addEventListener("change", (event) => moved(event, true));

// Charts, drawn only where there is one.
async function charts() {
  if (!$("[data-chart]:not([data-drawn])")) return;
  const { draw } = await import(document.body.dataset.chart);
  await draw(document.body.dataset.uplot, all("figure[data-chart]:not([data-drawn])"));
}

// Live: the stream says what has changed, and the page asks for its part anew.
const matches = (patterns, name) => patterns.split(/\s+/).some((one) => one === "*" || one === name || (one.endsWith(".*") && name.startsWith(one.slice(0, -1))));
const live = { waiting: null, last: 0, news: new Set(), changed: new Set(), whole: false, busy: false };

async function fetched() {
  const answer = await fetch(location.href, { headers: { "HX-Request": "true" } });
  const elsewhere = answer.headers.get("hx-redirect");
  if (elsewhere) location.assign(elsewhere);
  if (!answer.ok) return null;
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

// Somebody who writes or has opened something is not disturbed.
const occupied = (part) => part.querySelector("details.menu[open]") || (part.contains(document.activeElement) && typing({ target: document.activeElement }));

async function refresh() {
  live.waiting = null;
  const part = $("#live");
  if (!part) return;
  // What is told while an answer is on its way may not be in it: it is asked for again.
  if (live.busy) { later(50); return; }
  if (document.hidden || occupied(part)) { live.last = performance.now(); later(1000); return; }
  const { changed, whole } = live;
  live.changed = new Set();
  live.whole = false;
  live.busy = true;
  const page = await fetched().catch(() => null);
  live.busy = false;
  live.last = performance.now();
  const fresh = page && $("#live", page);
  if (fresh) whole ? replaceWhole(part, fresh) : replaceRows(part, fresh, changed);
}

function replaceWhole(part, fresh) {
  const open = new Set(all("details[open]", part).map(nameOf));
  const closed = new Set(all("details:not([open])[data-keep]", part).map(nameOf));
  const focused = part.contains(document.activeElement) ? pathOf(document.activeElement, part) : null;
  for (const details of all("details", fresh)) {
    if (open.has(nameOf(details))) details.open = true;
    if (closed.has(nameOf(details))) details.open = false;
  }
  // A chart that says the same stays as it is drawn.
  const drawn = all("figure[data-drawn]", part);
  all("figure[data-chart]", fresh).forEach((figure, place) => {
    if (drawn[place]?.querySelector("table")?.textContent === figure.querySelector("table")?.textContent) figure.replaceWith(drawn[place]);
  });
  const picked = new Set(all("td.pick input:checked", part).map((box) => box.value));
  for (const box of all("td.pick input", fresh)) box.checked = picked.has(box.value);
  part.replaceChildren(...fresh.childNodes);
  if (focused) $(focused, part)?.focus({ preventScroll: true });
  window.htmx?.process(part);
  settle();
}

const nameOf = (details) => details.dataset.keep ?? `${details.parentElement?.id}${details.className}${$("summary", details)?.textContent}`;
function pathOf(node, root) {
  const steps = [];
  for (let at = node; at && at !== root; at = at.parentElement) steps.unshift(`${at.tagName.toLowerCase()}:nth-child(${[...at.parentElement.children].indexOf(at) + 1})`);
  return `:scope > ${steps.join(" > ")}`;
}

// Rows that changed are changed in their place; new ones wait for a word from the reader.
function replaceRows(part, fresh, changed) {
  for (const row of all("tr[data-id]", fresh)) {
    const old = document.getElementById(row.id);
    if (!old || !changed.has(row.dataset.id)) continue;
    const box = $("td.pick input", old);
    if (box?.checked) $("td.pick input", row).checked = true;
    row.className = `${old.className} glow`;
    old.replaceWith(row);
  }
}

// The first news is shown at once, what follows it after a rest.
function later(rest) {
  live.waiting ??= setTimeout(refresh, Math.max(20, live.last + rest - performance.now()));
}

function news(part, count) {
  let pill = $(".new-rows", part);
  if (!pill) {
    pill = Object.assign(document.createElement("button"), { type: "button", className: "new-rows" });
    pill.addEventListener("click", () => { live.whole = true; live.news.clear(); refresh().then(() => scrollTo({ top: 0 })); });
    part.prepend(pill);
  }
  pill.textContent = document.body.dataset.new.replace("{}", count);
}

function happened({ type, subject }) {
  const part = $("#live");
  if (!part?.dataset.live || !type || !matches(part.dataset.live, type)) return;
  if (part.dataset.liveRows !== undefined) {
    if (document.getElementById(`row-${subject}`)) { live.changed.add(subject); later(120); }
    else if (part.dataset.liveRows && type === part.dataset.liveRows) { live.news.add(subject); news(part, live.news.size); }
    return;
  }
  // A page about one thing asks once it is told of that, or of what it does not know by name.
  live.whole = true;
  const about = part.dataset.liveAbout;
  later(about && subject !== about ? 700 : about ? 120 : 1000);
}

function follow() {
  const from = document.body.dataset.liveFrom;
  const part = $("#live");
  const state = $("#live-state");
  if (part?.dataset.liveEvery) setInterval(() => { live.whole = true; refresh(); }, Number(part.dataset.liveEvery));
  if (!from) return;
  const say = (how) => { if (state) { state.dataset.state = how; state.textContent = state.dataset[how]; } };
  const source = new EventSource(from);
  source.addEventListener("open", () => say("on"));
  source.addEventListener("error", () => say("off"));
  source.addEventListener("message", (event) => happened(JSON.parse(event.data)));
  addEventListener("pagehide", () => source.close());
}

setup();
follow();
const settle = () => {
  charts();
  for (const slider of all("[data-through]")) slider.hidden = false;
};
settle();
document.addEventListener("htmx:afterSettle", settle);
