// Attention between two rows of words: those that ask (rows of the matrix) and those that are seen (columns).
live(value => {
  const { asks, words, layers, heads, expect, titles, start } = value, m = asks.length, n = words.length;
  const all = bytes(value.weights), colours = dyes(), own = asks.length === n && asks.every((w, i) => w === words[i]);
  const each = Array.from({ length: layers }, (_, l) => Array.from({ length: heads }, (_, h) =>
    Float32Array.from(all.subarray((l * heads + h) * m * n, (l * heads + h + 1) * m * n), v => v / 255)));
  const mean = list => list[0].map((_, k) => list.reduce((sum, w) => sum + w[k], 0) / list.length);
  const means = each.map(mean), total = mean(means);
  let shown = total, row = start, chosen = null;
  const title = make("p", "in-title"), note = make("p", "in-said"), list = make("div", "in-expect");
  const large = make("canvas", "in-large lk-large");
  large.style.aspectRatio = `${n} / ${m}`;

  const clean = part => part.spans.forEach(s => { s.classList.remove("seen", "strong"); s.style.removeProperty("--share"); s.lastChild.textContent = ""; });
  const paint = () => {  // the word `row` asks: the words that are seen fill with its weights
    clean(asked); clean(seen);
    const line = Array.from({ length: n }, (_, j) => shown[row * n + j]), most = Math.max(...line, 1e-9);
    line.forEach((v, j) => shade(seen.spans[j], v / most, percent(v)));
    const best = line.indexOf(most);
    note.textContent = say(`“${asks[row]}” looks most at “${words[best]}”: ${percent(most)}`, `«${asks[row]}» mira sobre todo a «${words[best]}»: ${percent(most)}`);
    const rows = (expect[row] || []).map(([w, p]) => [w, p, w === asks[row] ? "true" : ""]);
    list.replaceChildren(...(rows.length ? [make("p", "in-title", say("What could stand here", "Lo que podría ir aquí")), bars(rows)] : []));
    frame();
  };
  const back = j => {  // the word `j` is pointed at: those that ask fill with what they give it
    clean(asked); clean(seen);
    const line = Array.from({ length: m }, (_, i) => shown[i * n + j]), most = Math.max(...line, 1e-9);
    line.forEach((v, i) => shade(asked.spans[i], v / most, percent(v)));
    seen.spans[j].classList.add("seen");
    const best = line.indexOf(most);
    note.textContent = say(`“${words[j]}” is looked at most by “${asks[best]}”: ${percent(most)}`, `A «${words[j]}» la mira sobre todo «${asks[best]}»: ${percent(most)}`);
  };
  const frame = () => cells(large, m, n, (i, j) => mix(heat(colours, shown[i * n + j]), colours.warm, i === row && shown[i * n + j] < .02 ? .15 : 0));
  const asked = strip(asks, i => { row = i; paint(); }, start), seen = strip(words, back);
  seen.row.addEventListener("pointerleave", paint);
  seen.row.addEventListener("blur", paint);

  // ---- all heads, small; means first
  const choose = (weights, name, from) => {
    shown = weights; chosen?.classList.remove("chosen"); chosen = from; from.classList.add("chosen");
    title.textContent = name;
    paint();
  };
  const thumb = (weights, name) => {
    const cell = button("in-thumb", "", () => choose(weights, name, cell)), picture = make("canvas");
    picture.style.aspectRatio = `${n} / ${m}`;
    cell.append(cells(picture, m, n, (i, j) => heat(colours, weights[i * n + j])));
    cell.title = name; cell.setAttribute("aria-label", name);
    return cell;
  };
  const everything = say(`Mean of all ${layers * heads} heads`, `Promedio de las ${layers * heads} cabezas`);
  const first = thumb(total, everything), grid = make("div", "in-heads");
  grid.style.setProperty("--heads", heads + 1);
  grid.append(make("span", "in-corner", say("layer", "capa")), ...[say("mean", "media"), ...Array.from({ length: heads }, (_, h) => h + 1)].map(w => make("span", "in-column", w)));
  each.forEach((row_, l) => {
    grid.append(make("span", "in-layer", l + 1), thumb(means[l], say(`Layer ${l + 1}, mean of its heads`, `Capa ${l + 1}, promedio de sus cabezas`)));
    row_.forEach((w, h) => grid.append(thumb(w, say(`Layer ${l + 1}, head ${h + 1}`, `Capa ${l + 1}, cabeza ${h + 1}`))));
  });

  const where = e => {
    const r = large.getBoundingClientRect(), part = (v, count) => Math.max(0, Math.min(count - 1, Math.floor(v * count)));
    return [part((e.clientY - r.top) / r.height, m), part((e.clientX - r.left) / r.width, n)];
  };
  large.addEventListener("pointermove", e => {
    const [i, j] = where(e);
    asked.go(i);
    seen.spans.forEach((s, k) => s.classList.toggle("seen", k === j));
    note.textContent = say(`“${asks[i]}” gives “${words[j]}” ${percent(shown[i * n + j])}`, `«${asks[i]}» le da a «${words[j]}» el ${percent(shown[i * n + j])}`);
  });
  large.addEventListener("click", e => asked.hold(where(e)[0]));

  const left = make("div", "in-left"), right = make("div", "in-right"), both = make("div", "in-pair");
  left.append(make("p", "in-title", say("All heads: click one", "Todas las cabezas: haz clic en una")), first, make("span", "in-all", everything), grid);
  right.append(make("p", "in-title", say("The chosen one: a row asks, a column is looked at", "La elegida: una fila pregunta, una columna es mirada")), large);
  both.append(left, right);
  body.append(title, make("p", "in-note", say(...titles[0])), asked.row, make("p", "in-note", say(...titles[1])), seen.row, note, list, both);
  if (own) seen.row.classList.add("lk-own");
  choose(total, everything, first);
  asked.go(row);
});
