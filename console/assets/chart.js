// Draws a figure from the table beneath it, in the colours of the theme.
const load = (url) => new Promise((done, failed) => {
  if (window.uPlot) { done(); return; }
  const script = Object.assign(document.createElement("script"), { src: url, onload: done, onerror: failed });
  document.head.append(script);
});

function read(figure) {
  const rows = [...figure.querySelectorAll("tbody tr")];
  const names = [...figure.querySelectorAll("thead th.num")].map((head) => head.textContent);
  const steps = rows.map((row) => row.querySelector("th").textContent);
  const series = names.map((_, place) => rows.map((row) => Number(row.querySelectorAll("td")[place].dataset.value)));
  const shown = names.map((_, place) => rows.map((row) => row.querySelectorAll("td")[place].textContent));
  return { names, steps, series, shown };
}

function colour(figure, name) {
  const probe = document.createElement("span");
  probe.className = "hidden";
  figure.append(probe);
  probe.style.color = `var(${name})`;
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

function plot(figure) {
  const place = figure.querySelector(".plot");
  const { names, steps, series, shown } = read(figure);
  if (!steps.length) return;
  const caption = figure.querySelector("figcaption");
  const told = caption.querySelector(".told") ?? caption.appendChild(Object.assign(document.createElement("span"), { className: "told" }));
  const [accent, line, words] = ["--accent", "--g3", "--g6"].map((name) => colour(figure, name));
  const axis = { stroke: words, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: "12px ui-sans-serif, system-ui, sans-serif" };
  const tell = (at) => { told.textContent = at == null ? "" : `${steps[at]} · ${names.map((name, one) => `${name} ${shown[one][at]}`).join(", ")}`; };
  const options = {
    width: place.clientWidth,
    height: 180,
    legend: { show: false },
    cursor: { y: false, sync: { key: "page" }, drag: { x: false, y: false } },
    scales: { x: { time: false, range: (_, low, high) => [low - 0.5, high + 0.5] }, y: { range: (_, low, high) => [0, Math.max(high, 1) * 1.1] } },
    axes: [
      { ...axis, size: 26, grid: { show: false }, values: (_, marks) => marks.map((mark) => steps[mark] ?? ""), incrs: [1, 2, 3, 4, 6, 12, 24] },
      { ...axis, size: 36, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 50000, 100000] },
    ],
    series: [{}, ...names.map((label) => ({ label, stroke: accent, fill: accent, width: 0, paths: window.uPlot.paths.bars({ size: [0.7, 48], radius: 0.1 }), points: { show: false } }))],
    hooks: { setCursor: [(chart) => tell(chart.cursor.idx)] },
  };
  place.replaceChildren();
  const drawn = new window.uPlot(options, [steps.map((_, at) => at), ...series], place);
  // A step leads where its number in the table does.
  const link = () => figure.querySelectorAll("tbody tr")[drawn.cursor.idx]?.querySelector("td a");
  place.onclick = () => link()?.click();
}

export async function draw(url, figures) {
  await load(url);
  for (const figure of figures) {
    figure.dataset.drawn = "yes";
    plot(figure);
  }
  let wait;
  addEventListener("resize", () => { clearTimeout(wait); wait = setTimeout(() => figures.filter((one) => one.isConnected).forEach(plot), 120); });
}
