// Embeddings on a plane: point at a word to see its nearest ones, measured with all the numbers, not on the plane.
live(value => {
  const { words, x, y, own, near } = value, space = "http://www.w3.org/2000/svg", SIDE = 640, PAD = 26;
  const svg = document.createElementNS(space, "svg"), list = make("div", "in-expect"), chips = make("div", "in-choices");
  svg.setAttribute("viewBox", `0 0 ${SIDE} ${SIDE}`); svg.setAttribute("class", "in-map"); svg.setAttribute("role", "img"); svg.setAttribute("aria-label", "PCA");
  const put = (tag, to, set) => { const e = document.createElementNS(space, tag); Object.entries(set).forEach(([k, v]) => e.setAttribute(k, v)); to.append(e); return e; };
  const place = k => [PAD + x[k] * (SIDE - 2 * PAD), SIDE - PAD - y[k] * (SIDE - 2 * PAD)];
  const rays = put("g", svg, {}), dots = words.map((w, k) => {
    const g = put("g", svg, { class: own.includes(k) ? "own" : "" }), [a, b] = place(k);
    put("circle", g, { cx: a, cy: b, r: own.includes(k) ? 6 : 3.4 });
    return g;
  });
  const label = k => {
    if (dots[k].querySelector("text")) return;
    const [a, b] = place(k), right = a > SIDE - 110;
    put("text", dots[k], { x: right ? a - 8 : a + 8, y: b + 4, "text-anchor": right ? "end" : "start" }).textContent = words[k];
  };
  const taken = [];
  const free = k => {  // a label where no other one is
    const [a, b] = place(k), wide = 9.2 * words[k].length + 18, box = [a, b - 10, a + wide, b + 10];
    if (taken.some(t => t[0] < box[2] && box[0] < t[2] && t[1] < box[3] && box[1] < t[3])) return false;
    taken.push(box); return true;
  };
  const named = new Set([...own.filter(k => free(k) || true), ...words.map((_, k) => k).filter(k => !own.includes(k) && free(k)).slice(0, 90)]);
  named.forEach(label);
  let at = -1;
  const go = k => {
    if (k === at) return;
    at = k; rays.replaceChildren();
    dots.forEach((g, i) => { g.classList.remove("near", "asks"); if (!named.has(i)) g.querySelector("text")?.remove(); });
    dots[k].classList.add("asks"); label(k);
    const [a, b] = place(k);
    near[k].forEach(([i]) => {
      if (i < 0) return;
      const [c, d] = place(i);
      put("line", rays, { x1: a, y1: b, x2: c, y2: d }); dots[i].classList.add("near"); label(i);
    });
    list.replaceChildren(make("p", "in-title", say(`Nearest to “${words[k]}”, by cosine`, `Los más cercanos a «${words[k]}», por coseno`)),
      ...near[k].map(([i, w, s]) => { const row = make("div", "in-bar"), line = make("i"), fill = make("b"); fill.style.width = `${Math.max(0, 100 * s)}%`; line.append(fill); row.append(make("span", "", w), line, make("em", "", number(s))); return row; }));
    [...chips.children].forEach(c => c.setAttribute("aria-pressed", +c.dataset.k === k));
  };
  svg.addEventListener("pointermove", e => {
    const r = svg.getBoundingClientRect(), [a, b] = [(e.clientX - r.left) / r.width * SIDE, (e.clientY - r.top) / r.height * SIDE];
    let best = -1, far = 24 ** 2;
    words.forEach((_, k) => { const [c, d] = place(k), s = (c - a) ** 2 + (d - b) ** 2; if (s < far) { far = s; best = k; } });
    if (best >= 0) go(best);
  });
  own.forEach(k => { const c = button("", words[k], () => go(k)); c.dataset.k = k; chips.append(c); });
  const pair = make("div", "in-pair"), right = make("div");
  pair.classList.add("wide"); right.append(list); pair.append(svg, right);
  body.append(chips, pair);
  go(own[0] ?? 0);
});
