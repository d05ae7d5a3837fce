// Heads that copy: the same random pieces twice, and who looks at what followed the first time.
live(value => {
  const { words, length, layers, heads, induction, previous, loss } = value, n = words.length, colours = dyes(), size = n * (n + 1) / 2, all = bytes(value.weights);
  const at = (i, j) => i * (i + 1) / 2 + j, weight = (l, h, k) => all[(l * heads + h) * size + k] / 255;
  const kinds = [["copy", say("Copying: looks at what followed last time", "Copia: mira lo que siguió la vez anterior"), induction],
    ["before", say("Looks at the piece before", "Mira el trozo anterior"), previous]];
  let kind = 0, chosen = null;
  const choices = make("div", "in-choices"), grid = make("div", "in-grid"), large = make("canvas", "in-large"), title = make("p", "in-title"), said = make("p", "in-said");
  grid.style.setProperty("--heads", heads);
  const show = (l, h) => {
    chosen = [l, h];
    title.textContent = say(`Layer ${l + 1}, head ${h + 1}`, `Capa ${l + 1}, cabeza ${h + 1}`);
    cells(large, n, n, (i, j) => {
      if (j > i) return null;
      const goal = kind === 0 ? i >= length && j === i - length + 1 : j === i - 1;
      const tone = heat(colours, weight(l, h, at(i, j)));
      return goal ? mix(tone, colours.warm, .35) : tone;
    });
    [...grid.querySelectorAll(".in-score")].forEach(b => b.setAttribute("aria-pressed", +b.dataset.l === l && +b.dataset.h === h));
    said.textContent = say(`In the second half it gives ${percent(induction[l][h])} to what followed last time, and everywhere ${percent(previous[l][h])} to the piece before. Orange: where that would be.`,
      `En la segunda mitad le da ${percent(induction[l][h])} a lo que siguió la vez anterior, y en todas partes ${percent(previous[l][h])} al trozo anterior. En naranja: dónde sería eso.`);
  };
  const fill = () => {
    const scores = kinds[kind][2];
    grid.replaceChildren(make("span", "", say("layer  %", "capa  %")), ...Array.from({ length: heads }, (_, h) => make("span", "in-column", h + 1)));
    scores.forEach((row, l) => {
      grid.append(make("span", "in-layer", l + 1));
      row.forEach((s, h) => {
        const b = button(`in-score${s > .6 ? " strong" : ""}`, Math.round(100 * s), () => show(l, h));
        b.title = percent(s);
        b.style.setProperty("--share", `${100 * Math.min(1, s)}%`); b.dataset.l = l; b.dataset.h = h; grid.append(b);
      });
    });
    [...choices.children].forEach((c, k) => c.setAttribute("aria-pressed", k === kind));
  };
  const best = scores => { let top = [0, 0]; scores.forEach((row, l) => row.forEach((s, h) => { if (s > scores[top[0]][top[1]]) top = [l, h]; })); return top; };
  kinds.forEach(([, name, scores], k) => choices.append(button("", name, () => { kind = k; fill(); show(...best(scores)); })));
  const hint = make("p", "in-said", words.slice(0, length).join(" ")), left = make("div"), right = make("div"), pair = make("div", "in-pair");
  left.append(choices, grid); right.append(title, large, said); pair.append(left, right);
  body.append(make("p", "in-title", say(`${length} random pieces, twice`, `${length} trozos al azar, dos veces`)), hint, pair);
  fill(); show(...best(induction));
});
