// Attention of every head over a sentence, and what the model expects after each word.
live(value => {
  const { words, layers, heads, next, given, append } = value, n = words.length, all = bytes(value.weights), colours = dyes();
  const size = n * (n + 1) / 2, at = (i, j) => i * (i + 1) / 2 + j;  // a triangle, row by row
  const head = (l, h) => Float32Array.from(all.subarray((l * heads + h) * size, (l * heads + h + 1) * size), v => v / 255);
  const mean = list => list[0].map((_, k) => list.reduce((sum, w) => sum + w[k], 0) / list.length);
  const each = Array.from({ length: layers }, (_, l) => Array.from({ length: heads }, (_, h) => head(l, h)));
  const means = each.map(mean), total = mean(means);
  let shown = total, row = n - 1, chosen = null;

  // ---- the sentence, and after it what is expected
  const title = make("p", "in-title"), asked = strip(words, i => { row = i; paint(); }), expect = make("div", "in-expect steady");
  const grid = make("div", "in-heads"), large = make("canvas", "in-large"), said = make("p", "in-said"), facts = make("p", "in-facts");
  const paint = () => {
    let most = 1e-9;  // the start token is where idle heads rest: the others are shaded against each other
    for (let j = 1; j <= row; j++) most = Math.max(most, shown[at(row, j)]);
    if (!row) most = 1;
    asked.spans.forEach((s, j) => {
      s.classList.toggle("later", j > row);
      j > row ? shade(s, 0) : shade(s, shown[at(row, j)] / most, percent(shown[at(row, j)]));
    });
    const after = next[row], true_ = words[row + 1];
    const rows = after.map(([w, p]) => [w, p, w === true_ ? "true" : ""]);
    if (true_ !== undefined && !rows.some(r => r[2])) rows.push([true_, given[row], "true"]);
    const head = make("p", "in-title", say(`After “${words[row]}” it expects`, `Después de «${words[row]}» espera`));
    const press = k => row === n - 1 && append[k] ? () => trigger("select", { index: k, value: append[k] }) : null;
    expect.replaceChildren(head, bars(rows, Math.max(...rows.map(r => r[1])), press));
    if (row === n - 1 && append.length) expect.append(make("p", "in-note", say("Press one: it joins your sentence.", "Pulsa una: se suma a tu oración.")));
    if (true_ !== undefined) expect.append(make("p", "in-note", say("Outlined: the word that does follow.", "Con borde: la palabra que de verdad sigue.")));
    frame();
  };
  const frame = () => cells(large, n, n, (i, j) => j > i ? null : mix(heat(colours, shown[at(i, j)]), colours.warm, i === row && shown[at(i, j)] < .02 ? .12 : 0));

  // ---- all heads, small; means first
  const choose = (weights, name, mark, from) => {
    shown = weights; chosen?.classList.remove("chosen"); chosen = from; from.classList.add("chosen");
    title.textContent = name;
    let back = 0, self = 0, first = 0;
    for (let i = 1; i < n; i++) { back += i > 1 ? weights[at(i, i - 1)] : 0; self += weights[at(i, i)]; first += weights[at(i, 0)]; }
    const m = Math.max(1, n - 1);
    facts.textContent = say(
      `Mean over this sentence: ${percent(first / m)} on the start, ${percent(back / Math.max(1, n - 2))} on the piece before, ${percent(self / m)} on itself.`,
      `Promedio en esta oración: ${percent(first / m)} en el inicio, ${percent(back / Math.max(1, n - 2))} en el trozo anterior, ${percent(self / m)} en sí mismo.`);
    paint();
  };
  const thumb = (weights, name) => {
    const cell = button("in-thumb", "", () => choose(weights, name, "", cell));
    cell.append(cells(make("canvas"), n, n, (i, j) => j > i ? null : heat(colours, weights[at(i, j)])));
    cell.title = name; cell.setAttribute("aria-label", name);
    return cell;
  };
  const everything = say(`Mean of all ${layers * heads} heads`, `Promedio de las ${layers * heads} cabezas`);
  const first = thumb(total, everything);
  grid.style.setProperty("--heads", heads + 1);
  const names = [say("mean", "media"), ...Array.from({ length: heads }, (_, h) => h + 1)];
  grid.append(make("span", "in-corner", say("layer", "capa")), ...names.map(w => make("span", "in-column", w)));
  each.forEach((list, l) => {
    grid.append(make("span", "in-layer", l + 1), thumb(means[l], say(`Layer ${l + 1}, mean of its heads`, `Capa ${l + 1}, promedio de sus cabezas`)));
    list.forEach((w, h) => grid.append(thumb(w, say(`Layer ${l + 1}, head ${h + 1}`, `Capa ${l + 1}, cabeza ${h + 1}`))));
  });

  // ---- the matrix: a row asks, a column is looked at
  const where = e => {
    const r = large.getBoundingClientRect();
    return [(e.clientY - r.top) / r.height, (e.clientX - r.left) / r.width].map(v => Math.max(0, Math.min(n - 1, Math.floor(v * n))));
  };
  large.addEventListener("pointermove", e => {
    const [i, j] = where(e);
    asked.go(i);
    asked.spans.forEach((s, k) => s.classList.toggle("seen", k === j && j <= i));
    said.textContent = j > i ? say(`“${words[i]}” can’t see “${words[j]}”: it comes later`, `«${words[i]}» no ve «${words[j]}»: viene después`)
      : say(`“${words[i]}” gives “${words[j]}” ${percent(shown[at(i, j)])}`, `«${words[i]}» le da a «${words[j]}» el ${percent(shown[at(i, j)])}`);
  });
  large.addEventListener("click", e => asked.hold(where(e)[0]));
  large.addEventListener("pointerleave", () => { said.textContent = ""; asked.spans.forEach(s => s.classList.remove("seen")); });

  const left = make("div", "in-left"), right = make("div", "in-right"), both = make("div", "in-pair");
  const hint = make("p", "in-note", say("Point at a word: the shading is where it looks. A click holds it.", "Señala una palabra: el sombreado es dónde mira. Un clic la deja fija."));
  left.append(make("p", "in-title", say("All heads: click one", "Todas las cabezas: haz clic en una")), first, make("span", "in-all", everything), grid);
  right.append(make("p", "in-title", say("The chosen one: a row asks, a column is looked at", "La elegida: una fila pregunta, una columna es mirada")), large, said, facts);
  if (heads > 6) both.classList.add("deep");
  both.append(left, right);
  body.append(title, asked.row, hint, expect, both);
  choose(total, everything, "", first);
  asked.go(row);
});
