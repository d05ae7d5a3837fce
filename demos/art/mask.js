// The board of kit.mask: cells over a picture. `element`, `props`, `trigger` and `watch` come from gr.HTML.
const canvas = element.querySelector("canvas"), pen = canvas.getContext("2d");
const { rows, columns } = props, cell = Math.max(4, Math.floor(480 / Math.max(rows, columns)));
canvas.width = columns * cell; canvas.height = rows * cell;
let cells = new Uint8Array(rows * columns), picture = null, mode = 1, tip = props.brush, at = null, last = null;

const paint = () => {
  const style = getComputedStyle(element), panel = style.getPropertyValue("--panel"), mark = style.getPropertyValue("--mark");
  pen.imageSmoothingEnabled = false;
  pen.fillStyle = "#6f6f78"; pen.fillRect(0, 0, canvas.width, canvas.height);
  if (picture) pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const redo = new Path2D(), edge = new Path2D(), kept = (i, j) => i >= 0 && j >= 0 && i < rows && j < columns && cells[i * columns + j];
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) {
    const x = j * cell, y = i * cell;
    if (!kept(i, j)) { redo.rect(x, y, cell, cell); continue; }
    if (!kept(i - 1, j)) { edge.moveTo(x, y); edge.lineTo(x + cell, y); }
    if (!kept(i + 1, j)) { edge.moveTo(x, y + cell); edge.lineTo(x + cell, y + cell); }
    if (!kept(i, j - 1)) { edge.moveTo(x, y); edge.lineTo(x, y + cell); }
    if (!kept(i, j + 1)) { edge.moveTo(x + cell, y); edge.lineTo(x + cell, y + cell); }
  }
  pen.save(); pen.clip(redo);
  pen.globalAlpha = .62; pen.fillStyle = panel; pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.globalAlpha = .45; pen.strokeStyle = "#808088"; pen.lineWidth = 1.5; pen.beginPath();
  for (let x = -canvas.height; x < canvas.width; x += 10) { pen.moveTo(x, canvas.height); pen.lineTo(x + canvas.height, 0); }
  pen.stroke(); pen.restore();
  pen.strokeStyle = mark; pen.lineWidth = 3; pen.stroke(edge);
  if (at && document.activeElement === canvas) {
    pen.strokeStyle = "#fff"; pen.lineWidth = 2; pen.strokeRect(at[1] * cell + 1, at[0] * cell + 1, tip * cell - 2, tip * cell - 2);
  }
  element.querySelectorAll("[data-do]").forEach(b => b.setAttribute("aria-pressed", b.dataset.do === (mode ? "keep" : "free")));
  element.querySelectorAll("[data-tip]").forEach(b => b.setAttribute("aria-pressed", +b.dataset.tip === tip));
};
const read = () => {
  const { picture: url, mask } = props.value || {};
  cells = new Uint8Array(rows * columns);
  (mask || []).forEach((row, i) => [...row].forEach((c, j) => { cells[i * columns + j] = c === "1"; }));
  if (!url) { picture = null; return paint(); }
  const loaded = new Image();
  loaded.onload = () => { picture = loaded; paint(); };
  loaded.src = url;
};
const send = () => {
  const mask = Array.from({ length: rows }, (_, i) => [...cells.subarray(i * columns, (i + 1) * columns)].join(""));
  props.value = { picture: (props.value || {}).picture ?? null, mask };
  trigger("input");
};
const touch = (i, j) => {
  for (let y = i; y < Math.min(rows, i + tip); y++) for (let x = j; x < Math.min(columns, j + tip); x++)
    if (y >= 0 && x >= 0) cells[y * columns + x] = mode;
};
const where = e => {
  const box = canvas.getBoundingClientRect(), half = (tip - 1) / 2;
  return [Math.round((e.clientY - box.top) / box.height * rows - .5 - half), Math.round((e.clientX - box.left) / box.width * columns - .5 - half)];
};
const along = to => {  // a fast hand skips cells: all those on the way
  const from = last ?? to, n = Math.max(Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1]), 1);
  for (let k = 0; k <= n; k++) touch(...[0, 1].map(d => Math.round(from[d] + (to[d] - from[d]) * k / n)));
  last = at = to; paint();
};
canvas.addEventListener("pointerdown", e => { canvas.setPointerCapture(e.pointerId); along(where(e)); e.preventDefault(); canvas.focus(); });
canvas.addEventListener("pointermove", e => { if (last) along(where(e)); });
["pointerup", "pointercancel"].forEach(name => canvas.addEventListener(name, () => { if (last) { last = null; send(); } }));
canvas.addEventListener("keydown", e => {
  const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[e.key];
  at = at ?? [0, 0];
  if (step) at = [Math.max(0, Math.min(rows - 1, at[0] + step[0])), Math.max(0, Math.min(columns - 1, at[1] + step[1]))];
  else if (e.key === " " || e.key === "Enter") { touch(...at); send(); }
  else return;
  e.preventDefault(); paint();
});
["focus", "blur"].forEach(name => canvas.addEventListener(name, paint));
element.addEventListener("click", e => {
  const button = e.target.closest("button");
  if (!button) return;
  const { do: what, tip: size } = button.dataset;
  if (size) tip = +size;
  else if (what === "keep" || what === "free") mode = +(what === "keep");
  else { cells = cells.map(c => what === "turn" ? 1 - c : +(what === "all")); send(); }
  paint();
});
new MutationObserver(paint).observe(document.body, { attributeFilter: ["class"] });  // light or dark
watch("value", read);
read();
