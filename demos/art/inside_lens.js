// The logit lens: what would be said after each layer, at every place of the sentence.
live(value => {
  const { words, rows, tops, ranks, size } = value, n = words.length, top = rows.length - 1;
  const table = make("table", "in-lens"), scroll = make("div", "in-scroll"), expect = make("div", "in-expect"), curve = make("p", "in-said");
  const boxes = [];
  let held = [top, Math.max(0, n - 2)], at = null;
  const name = r => r === 0 ? say("embeddings", "embeddings") : say(`after layer ${r}`, `tras la capa ${r}`);
  const go = (r, i) => {
    at?.classList.remove("asks"); at = boxes[r][i]; at.classList.add("asks");
    const next = words[i + 1], list = tops[r][i].map(([w, p]) => [w, p, w === next ? "true" : ""]);
    expect.replaceChildren(make("p", "in-title", say(`After “${words[i]}”, ${name(r)}`, `Después de «${words[i]}», ${name(r)}`)), bars(list, Math.max(...list.map(x => x[1]))));
    const places = next === undefined ? "" : ranks.map(row => row[i].toLocaleString(document.documentElement.lang)).join(" → ");
    curve.textContent = next === undefined ? "" : say(`Place of the word that follows, “${next}”, among ${size}, layer by layer: ${places}`,
      `Puesto de la palabra que sigue, «${next}», entre ${size}, capa por capa: ${places}`);
  };
  for (let r = top; r >= 0; r--) {
    const tr = make("tr"), head = make("th", "", name(r));
    head.scope = "row"; tr.append(head); boxes[r] = [];
    tops[r].forEach((list, i) => {
      const td = make("td", list[0][0] === words[i + 1] ? "right" : "", list[0][0]), [, p] = list[0];
      td.style.setProperty("--share", `${Math.round(100 * p)}%`); td.classList.toggle("strong", p > .6);
      td.dataset.r = r; td.dataset.i = i; boxes[r][i] = td; tr.append(td);
    });
    table.append(tr);
  }
  const foot = make("tr"); foot.append(make("th", "", say("the text", "el texto")), ...words.map(w => make("th", "", w))); table.append(foot);
  table.addEventListener("pointerover", e => { const td = e.target.closest("td"); if (td) go(+td.dataset.r, +td.dataset.i); });
  table.addEventListener("click", e => { const td = e.target.closest("td"); if (td) held = [+td.dataset.r, +td.dataset.i]; });
  table.addEventListener("pointerleave", () => go(...held));
  scroll.append(table);
  const note = make("p", "in-note", say("A column is read upwards. The fuller the colour, the surer; outlined: right. Point at a square.",
    "Una columna se lee hacia arriba. Cuanto más color, más seguro; con borde: acertó. Señala un casillero."));
  body.append(note, scroll, expect, curve);
  go(...held);
});
