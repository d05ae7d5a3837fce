// The stage of the laboratory: the plane where a GAN trains, and its curves. From gr.HTML: element, props, watch.
// A frame comes some fifteen times a second; what moves is drawn on its way from one frame to the next.
const $ = selector => element.querySelector(selector), all = selector => [...element.querySelectorAll(selector)];
const plane = $(".stage-plane canvas"), tip = $(".stage-tip");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const FAR = 12;  // places travel as 16 bits between -FAR and FAR
const shown = { reals: true, fake: true, surface: true, pull: true, warp: false };
let pen = plane.getContext("2d"), frame = null, next = null, last = null, drawn = null, share = 1, began = 0, span = 70, came = 0, ticking = false, colours = {};

const bytes = text => Uint8Array.from(atob(text || ""), c => c.charCodeAt(0));
const words16 = text => new Uint16Array(bytes(text).buffer);
const places = text => Float32Array.from(words16(text), v => v / 65535 * 2 * FAR - FAR);
const unpack = f => ({
  id: f.id, reals: places(f.reals), fake: places(f.fake), warp: places(f.warp),
  surface: Float32Array.from(bytes(f.surface), v => v / 255), pull: Float32Array.from(new Int8Array(bytes(f.pull).buffer), v => v / 127),
});
const between = (a, b, s) => a.length === b.length ? b.map((v, i) => a[i] + (v - a[i]) * s) : b;
const moment = s => s >= 1 || !last ? next : { ...next, ...Object.fromEntries(["fake", "warp", "surface", "pull"].map(k => [k, between(last[k], next[k], s)])) };

// ---- colours of the page, light or dark
const rgb = text => { const d = text.trim().slice(1); return [0, 2, 4].map(i => parseInt(d.length === 3 ? d[i / 2] + d[i / 2] : d.slice(i, i + 2), 16)); };
const mix = (a, b, s) => a.map((v, i) => v + (b[i] - v) * s);
const dye = () => {
  const style = getComputedStyle(element), c = Object.fromEntries(["ink", "soft", "line", "panel", "paper", "mark", "warm"].map(k => [k, style.getPropertyValue(`--${k}`)]));
  const [panel, mark, warm] = [c.panel, c.mark, c.warm].map(rgb);
  // 0: surely generated, 255: surely real, in the middle the panel itself
  c.ground = Array.from({ length: 256 }, (_, v) => { const t = v / 127.5 - 1; return mix(panel, t < 0 ? warm : mark, .5 * Math.abs(t) ** .8); });
  colours = c;
};

// ---- the plane
const fit = canvas => {
  const box = canvas.getBoundingClientRect(), scale = Math.min(2, devicePixelRatio || 1), to = canvas.getContext("2d");
  const w = Math.round(box.width * scale), h = Math.round(box.height * scale);
  if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; }
  to.setTransform(scale, 0, 0, scale, 0, 0);
  return [box.width, box.height];
};
const heat = document.createElement("canvas");
const ground = (u, side) => {
  const n = Math.round(Math.sqrt(u.length)), brush = heat.getContext("2d");
  heat.width = heat.height = n;
  const image = brush.createImageData(n, n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) {  // row 0 of the scores is the lowest y
    const c = colours.ground[Math.max(0, Math.min(255, Math.round(255 * u[(n - 1 - i) * n + j])))], at = 4 * (i * n + j);
    image.data[at] = c[0]; image.data[at + 1] = c[1]; image.data[at + 2] = c[2]; image.data[at + 3] = 255;
  }
  brush.putImageData(image, 0, 0);
  pen.imageSmoothingEnabled = true;
  pen.drawImage(heat, 0, 0, side, side);
  return n;
};
const border = (u, n, side) => {  // where the discriminator can't tell: marching squares at one half
  const cell = side / n, at = (i, j) => u[i * n + j] - .5, cut = (a, b) => a / (a - b);
  pen.beginPath();
  for (let i = 0; i < n - 1; i++) for (let j = 0; j < n - 1; j++) {
    const a = at(i, j), b = at(i, j + 1), c = at(i + 1, j + 1), d = at(i + 1, j), x = (j + .5) * cell, y = side - (i + .5) * cell, ends = [];
    if (a * b < 0) ends.push([x + cut(a, b) * cell, y]);
    if (b * c < 0) ends.push([x + cell, y - cut(b, c) * cell]);
    if (d * c < 0) ends.push([x + cut(d, c) * cell, y - cell]);
    if (a * d < 0) ends.push([x, y - cut(a, d) * cell]);
    for (let k = 0; k + 1 < ends.length; k += 2) { pen.moveTo(...ends[k]); pen.lineTo(...ends[k + 1]); }
  }
  pen.lineWidth = 1.5; pen.strokeStyle = colours.ink; pen.globalAlpha = .55; pen.setLineDash([5, 4]); pen.stroke();
  pen.setLineDash([]); pen.globalAlpha = 1;
};
// a disc is drawn once and stamped: hundreds of arcs sixty times a second are too much without a graphics card
const stamps = {};
const stamp = (radius, colour, rim) => {
  const scale = pen.getTransform().a, name = [radius, colour, rim, scale].join();
  if (stamps[name]) return stamps[name];
  const made = document.createElement("canvas"), to = made.getContext("2d"), size = Math.ceil(radius + 1.5);
  made.width = made.height = 2 * size * scale; made.size = size;
  to.scale(scale, scale); to.beginPath(); to.arc(size, size, radius, 0, 7); to.fillStyle = colour; to.fill();
  if (rim) { to.strokeStyle = rim; to.lineWidth = .8; to.stroke(); }
  return stamps[name] = made;
};
const dots = (xy, radius, colour, alpha, rim, where) => {
  const disc = stamp(radius, colour, rim), { size } = disc;
  pen.globalAlpha = alpha;
  for (let k = 0; k < xy.length; k += 2) { const [x, y] = where(xy[k], xy[k + 1]); pen.drawImage(disc, x - size, y - size, 2 * size, 2 * size); }
  pen.globalAlpha = 1;
};
const layer = document.createElement("canvas");
const still = (side, where) => {  // the real points don't move: drawn once
  const name = [frame.id, side, plane.width, colours.mark].join();
  if (layer.name === name) return layer;
  Object.assign(layer, { name, width: plane.width, height: plane.height });
  const screen = pen;
  pen = layer.getContext("2d"); pen.setTransform(screen.getTransform());
  dots(drawn.reals, side < 420 ? 1.7 : 2.2, colours.mark, .6, "", where);
  pen = screen;
  return layer;
};
const arrows = (from, pull, side, where) => {
  const longest = .085 * side;
  pen.beginPath();
  for (let k = 0; k < pull.length; k += 2) {
    const [x, y] = where(from[k], from[k + 1]), dx = pull[k] * longest, dy = -pull[k + 1] * longest, size = Math.hypot(dx, dy);
    if (size < .8) continue;
    const head = Math.min(5, .5 * size), ux = dx / size, uy = dy / size, ex = x + dx, ey = y + dy;
    pen.moveTo(x, y); pen.lineTo(ex, ey);
    pen.moveTo(ex - head * (ux + .6 * uy), ey - head * (uy - .6 * ux)); pen.lineTo(ex, ey); pen.lineTo(ex - head * (ux - .6 * uy), ey - head * (uy + .6 * ux));
  }
  pen.strokeStyle = colours.ink; pen.globalAlpha = .75; pen.lineWidth = 1.3; pen.stroke(); pen.globalAlpha = 1;
};
const web = (xy, rows, where) => {  // the grid of z, as the generator bends it
  const columns = xy.length / 2 / rows, go = (k, first) => { const p = where(xy[2 * k], xy[2 * k + 1]); first ? pen.moveTo(...p) : pen.lineTo(...p); };
  pen.beginPath();
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) go(i * columns + j, !j);
  if (rows > 1) for (let j = 0; j < columns; j++) for (let i = 0; i < rows; i++) go(i * columns + j, !i);
  pen.strokeStyle = colours.warm; pen.globalAlpha = .75; pen.lineWidth = rows > 1 ? 1 : 2; pen.stroke(); pen.globalAlpha = 1;
};
const paint = () => {
  const [side] = fit(plane);
  if (!side) return;
  pen.fillStyle = colours.panel; pen.fillRect(0, 0, side, side);
  if (!next) return;
  drawn = moment(share);
  const half = frame.half, where = (x, y) => [(x / half + 1) / 2 * side, (1 - y / half) / 2 * side];
  if (shown.surface && drawn.surface.length) { const n = ground(drawn.surface, side); border(drawn.surface, n, side); }
  if (shown.reals) pen.drawImage(still(side, where), 0, 0, side, side);
  if (shown.warp) web(drawn.warp, frame.rows, where);
  if (shown.fake) dots(drawn.fake, side < 420 ? 2.2 : 2.9, colours.warm, .9, colours.panel, where);
  if (shown.pull) arrows(drawn.fake, drawn.pull, side, where);
  Object.assign(plane, { points: drawn.fake, paint });  // for who looks from outside
};
let cost = 0, painted = 0;
const tick = now => {
  share = Math.max(share, Math.min(1, (now - began) / span));  // a late frame carries a time before this one's start
  if (share >= 1 || now - painted > Math.max(28, 3 * cost)) {  // a slow machine draws fewer on the way
    const start = performance.now();
    paint();
    painted = performance.now(); cost = .8 * cost + .2 * (painted - start);
  }
  if (share < 1) requestAnimationFrame(tick); else ticking = false;
};

// ---- the curves
const number = v => {
  const size = Math.abs(v), text = size >= 1000 || (size && size < .001) ? v.toExponential(0) : size >= 100 ? v.toFixed(0) : v.toPrecision(size >= 10 ? 3 : 2);
  const plain = text.includes("e") ? text : String(+text);
  return (document.documentElement.lang === "es" ? plain.replace(".", ",") : plain).replace("-", "−");
};
const curve = (box, data, steps, x) => {
  const canvas = box.querySelector("canvas"), to = canvas.getContext("2d"), [w, h] = fit(canvas);
  if (!w) return;
  const left = 4, right = w - 4, top = 14, low = h - 16, [bottom, high] = data.range;
  to.clearRect(0, 0, w, h);
  to.font = `12px ${getComputedStyle(element).fontFamily}`; to.fillStyle = colours.soft;
  to.strokeStyle = colours.line; to.lineWidth = 1; to.beginPath();
  for (const y of [top, low]) { to.moveTo(left, Math.round(y) + .5); to.lineTo(right, Math.round(y) + .5); }
  to.stroke();
  const name = v => data.log ? number(10 ** v) : number(v) + (data.unit || "");
  to.textAlign = "left"; to.fillText(name(high), left, top - 3); to.fillText(name(bottom), left, h - 3);
  to.textAlign = "right"; to.fillText(steps.toLocaleString(document.documentElement.lang), right, h - 3);
  data.lines.forEach(([kind, text]) => {
    const y = words16(text);
    to.beginPath();
    y.forEach((v, k) => { if (v < 65535) to[k && y[k - 1] < 65535 ? "lineTo" : "moveTo"](left + (right - left) * x[k] / 65535, low - (low - top) * v / 65534); });
    to.strokeStyle = colours[kind]; to.lineWidth = 2; to.lineJoin = "round"; to.stroke();
  });
  box.querySelectorAll("b").forEach((b, k) => { b.textContent = data.now[k] == null ? "" : data.unit ? Math.round(data.now[k]) + data.unit : number(data.now[k]); });
};
const curves = () => all("[data-curve]").forEach(box => {
  const data = frame?.curves?.[box.dataset.curve];
  if (box.hidden === !!data) box.hidden = !data;
  if (data) curve(box, data, frame.step, words16(frame.across));
});

// ---- words
const write = (node, text) => { if (node.textContent !== text) node.textContent = text; };
let told = -1e4, spoken = null;
const speak = () => {  // slower than the points: a sentence wants to be read
  if (!frame) return;
  told = performance.now();
  element.dataset.tone = frame.tone;
  plane.setAttribute("aria-label", frame.what);
  write($(".stage-what"), frame.what); write($(".stage-hint"), frame.hint);
};
const say = () => {
  clearTimeout(spoken);
  const wait = 700 - (performance.now() - told);
  if (wait <= 0 || frame.step < 2) speak(); else spoken = setTimeout(speak, wait);
  write($(".stage-pause"), frame.pause || "");
  for (const [id, side] of [["lab-freeze", "generator"], ["lab-over", "discriminator"]]) document.getElementById(id)?.setAttribute("aria-pressed", frame.learns === side);
  write($(".stage-step"), frame.step.toLocaleString(document.documentElement.lang));
  const [low, high] = frame.scale ? frame.scale.map(number) : ["0", "1"];
  write($(".stage-low"), low); write($(".stage-high"), high);
};

// ---- frames in
let least = Infinity, since = 0, complained = 0;
const keep = now => {  // frames that come faster than this page takes them pile up: ask for fewer
  if (since !== frame.id) { since = frame.id; least = Infinity; }
  const lag = now / 1e3 - frame.sent;
  least = Math.min(least, lag);
  if (frame.live && lag - least > .4 && now - complained > 1000) { complained = now; server.behind([frame.id, lag - least]); }
};
let held = null, asleep = null, charted = 0;
const read = () => {
  const value = props.value;
  if (!value || !value.fake) return;
  // the end of a run that something else has overtaken: the past
  if (frame && (value.id < frame.id || value.id === frame.id && value.step < frame.step)) return;
  const now = performance.now();
  if (calm.matches && frame && frame.id === value.id && now - came < 500) {  // few and still pictures
    clearTimeout(held); held = setTimeout(read, 520 - (now - came)); return;
  }
  const before = next && next.id === value.id && !calm.matches ? moment(share) : null;
  if (came) span = Math.max(30, Math.min(400, .7 * span + .3 * 1.15 * (now - came)));
  came = now; frame = { ...value }; last = before; next = unpack(value); began = now; share = before ? 0 : 1;
  keep(now);
  clearTimeout(asleep); element.toggleAttribute("data-live", !!frame.live); asleep = setTimeout(() => element.removeAttribute("data-live"), 3000);
  element.dataset.step = frame.step; element.dataset.frames = +(element.dataset.frames || 0) + 1;
  say();
  if (now - charted > 180 || !frame.live) { charted = now; curves(); }
  if (document.hidden || share >= 1) { share = 1; paint(); }
  else if (!ticking) { ticking = true; requestAnimationFrame(tick); }
};

// ---- what the visitor does
element.addEventListener("change", e => { if (e.target.dataset.layer) { shown[e.target.dataset.layer] = e.target.checked; paint(); } });
const point = e => {
  if (!drawn || !drawn.surface.length) return;
  const box = plane.getBoundingClientRect(), x = (e.clientX - box.left) / box.width, y = 1 - (e.clientY - box.top) / box.height;
  tip.hidden = x < 0 || x > 1 || y < 0 || y > 1;
  const n = Math.round(Math.sqrt(drawn.surface.length)), u = drawn.surface[Math.floor(y * n) * n + Math.floor(x * n)];
  if (u === undefined) return;
  tip.textContent = frame.scale ? number(frame.scale[0] + u * (frame.scale[1] - frame.scale[0])) : number(Math.round(100 * u)) + " %";
  tip.style.left = `${100 * x}%`; tip.style.top = `${100 * (1 - y)}%`; tip.classList.toggle("flip", x > .8);
};
plane.addEventListener("pointermove", point); plane.addEventListener("pointerdown", point);
plane.addEventListener("pointerleave", () => { tip.hidden = true; });
$(".stage-save").addEventListener("click", () => plane.toBlob(blob => {
  const a = document.createElement("a");
  a.href = URL.createObjectURL(blob); a.download = `gan-${frame ? frame.step : 0}.png`; a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 1000);
}));
const again = () => { dye(); paint(); if (frame) curves(); };
new ResizeObserver(again).observe(element);
new MutationObserver(again).observe(document.body, { attributeFilter: ["class"] });  // light or dark
watch("value", read);
dye(); paint(); read();
