// One head at work, with its numbers: a word's query meets every key; the browser does the sums again.
let step = 5, kept = null, playing = 0;
live(value => {
  const { words, width, heading, layer, head, position } = value, n = words.length, colours = dyes();
  const q = floats(value.q), k = floats(value.k), v = floats(value.v), theirs = floats(value.weights), root = Math.sqrt(width);
  const states = value.states.map(s => { const whole = new Int16Array(bytes(s.whole).buffer); return { ...s, at: (i, c) => whole[i * s.channels + c] * s.scale / 32767 }; });
  const largest = a => Math.max(1e-9, a.reduce((m, x) => Math.max(m, Math.abs(x)), 0)), [mq, mk, mv] = [q, k, v].map(largest);
  const dot = (i, j) => { let s = 0; for (let c = 0; c < width; c++) s += q[i * width + c] * k[j * width + c]; return s; };
  let row = kept !== null && kept < n ? kept : n - 1;

  const said = make("p", "in-said"), explained = make("p", "in-step");
  const ribbon = (count, get, span, name, kind = "") => {  // numbers as colours; pointing at one says it
    const canvas = cells(make("canvas", `in-ribbon ${kind}`), 1, count, (_, c) => signed(colours, get(c) / span));
    canvas.addEventListener("pointermove", e => {
      const r = canvas.getBoundingClientRect(), c = Math.max(0, Math.min(count - 1, Math.floor((e.clientX - r.left) / r.width * count)));
      said.textContent = `${name} [${c + 1}] = ${number(get(c), 3)}`;
    });
    return canvas;
  };
  const STEPS = [
    [say("Query", "Consulta"), () => say(`“${words[row]}” asks: its vector x (${states.at(-1).channels} numbers, normalised) times W_Q gives the query q, ${width} numbers.`,
      `«${words[row]}» pregunta: su vector x (${states.at(-1).channels} números, normalizados) por W_Q da la consulta q, ${width} números.`)],
    [say("Keys", "Claves"), () => say("Each piece’s x times W_K is its key. Query and key are multiplied number by number and added: a large q·k means that they fit.",
      "El x de cada trozo por W_K es su clave. Consulta y clave se multiplican número a número y se suma: un q·k grande dice que calzan.")],
    ["÷ √d", () => say(`Sums of ${width} products are large; divided by √${width} = ${number(root)} they are of the size of one product again.`,
      `Las sumas de ${width} productos son grandes; divididas por √${width} = ${number(root)} vuelven a ser del tamaño de un producto.`)],
    [say("Mask", "Máscara"), () => row === n - 1 ? say("The last one may see everything before it. Point at an earlier word: what comes later becomes −∞.", "El último puede ver todo lo anterior. Señala una palabra anterior: lo que viene después pasa a −∞.")
      : say(`What comes after “${words[row]}” becomes −∞: it must not copy the answer.`, `Lo que viene después de «${words[row]}» pasa a −∞: no debe copiar la respuesta.`)],
    ["softmax", () => say("e to each score, divided by their sum: weights that add up to 1.", "e elevado a cada puntaje, dividido por la suma: pesos que suman 1.")],
    [say("Values", "Valores"), () => say("Each piece’s x times W_V is its value. The head’s answer is the sum of the values, each times its weight.",
      "El x de cada trozo por W_V es su valor. La respuesta de la cabeza es la suma de los valores, cada uno por su peso.")],
  ];
  const tabs = make("div", "in-steps"), sheet = make("table", "in-sheet"), enter = make("div", "in-enter");
  const stop = () => { clearInterval(playing); playing = 0; play.textContent = "▶"; };
  const play = button("in-play", "▶", () => {
    if (playing) return stop();
    step = 0; paint(); play.textContent = "❚❚";
    playing = setInterval(() => { if (step >= 5 || !element.isConnected) return stop(); step += 1; paint(); }, 2600);
  });
  play.setAttribute("aria-label", say("Play the steps", "Reproducir los pasos"));
  clearInterval(playing); playing = 0;
  STEPS.forEach(([name], s) => tabs.append(button("", `${s + 1} ${name}`, () => { stop(); step = s; paint(); })));
  tabs.append(play);

  const asked = strip(words, i => { row = kept = i; paint(); }, row);
  const weights = () => {
    const scores = words.map((_, j) => dot(row, j)), scaled = scores.map(s => s / root), top = Math.max(...scaled.slice(0, row + 1));
    const powers = scaled.map((s, j) => j > row ? 0 : Math.exp(s - top)), sum = powers.reduce((a, b) => a + b);
    return { scores, scaled, soft: powers.map(p => p / sum) };
  };
  const terms = j => {  // the products that make up q·k, the largest first
    const found = Array.from({ length: width }, (_, c) => [c, q[row * width + c], k[j * width + c]]).sort((a, b) => Math.abs(b[1] * b[2]) - Math.abs(a[1] * a[2]));
    const shown = found.slice(0, 4).map(([, a, b]) => `${number(a)} × ${number(b)}`).join(" + ");
    return `q·k(${words[j]}) = ${shown} + … = ${number(dot(row, j))}`;
  };
  const line = (kind, ...entries) => {
    const tr = make("tr", kind);
    entries.forEach(([from, cls, content]) => {
      const td = make("td", `${cls}${step < from ? " hidden" : ""}${step === from ? " now" : ""}`);
      td.append(content instanceof Node ? content : document.createTextNode(content)); tr.append(td);
    });
    return tr;
  };
  const paint = () => {
    const { scores, scaled, soft } = weights();
    [...tabs.children].slice(0, 6).forEach((b, s) => b.setAttribute("aria-pressed", s === step));
    explained.textContent = STEPS[step][1]();
    const most = Math.max(...soft);
    asked.spans.forEach((s, j) => { s.classList.toggle("later", j > row); step >= 4 ? shade(s, soft[j] / most, j > row ? "" : percent(soft[j])) : shade(s, 0, ""); });
    enter.replaceChildren(...states.flatMap(s => [make("span", "", say(...s.name)), ribbon(s.channels, c => s.at(row, c), s.scale, `x(${words[row]})`)]),
      make("span", "", `q = W_Q x`), ribbon(width, c => q[row * width + c], mq, `q(${words[row]})`, "strong"));
    const titles = line("titles", [0, "", ""], [1, "", "k"], [1, "num", "q·k"], [2, "num", "÷ √d"], [3, "num", say("mask", "máscara")], [4, "num", "softmax"], [5, "", "v"]);
    const rows = words.map((w, j) => {
      const hidden = j > row, weight = make("span", "in-weight", hidden ? "0" : percent(soft[j]));
      weight.style.setProperty("--share", `${100 * soft[j]}%`);
      const faded = ribbon(width, c => v[j * width + c], mv, `v(${w})`); faded.style.opacity = .12 + .88 * soft[j] / most;
      const tr = line(hidden ? "later" : "", [0, "name", w], [1, "", ribbon(width, c => k[j * width + c], mk, `k(${w})`)], [1, "num", number(scores[j])],
        [2, "num", number(scaled[j])], [3, "num", hidden ? "−∞" : number(scaled[j])], [4, "num", weight], [5, "", faded]);
      tr.addEventListener("pointerover", e => { if (!e.target.matches("canvas")) said.textContent = terms(j); });
      return tr;
    });
    const out = Array.from({ length: width }, (_, c) => soft.reduce((s, w, j) => s + w * v[j * width + c], 0)), wide = largest(out);
    const total = line("total", [0, "name", "Σ"], [1, "", ""], [1, "num", ""], [2, "num", ""], [3, "num", ""], [4, "num", percent(soft.reduce((a, b) => a + b))],
      [5, "", ribbon(width, c => out[c], wide, say("answer", "respuesta"), "strong")]);
    sheet.replaceChildren(titles, ...rows, total);
    element.dataset.sum = soft.reduce((a, b) => a + b);
  };
  let far = 0;  // what the browser computes against what the model did
  const before = row;
  for (row = 0; row < n; row++) weights().soft.forEach((w, j) => { far = Math.max(far, Math.abs(w - theirs[row * n + j])); });
  row = before;
  const check = make("p", "in-facts", say(
    `Computed again in your browser from q, k and v of layer ${layer}, head ${head}. Largest difference from the model’s own weights: ${far.toExponential(0).replace("-", "−")}.`,
    `Calculado de nuevo en tu navegador con q, k y v de la capa ${layer}, cabeza ${head}. Mayor diferencia con los pesos del propio modelo: ${far.toExponential(0).replace("-", "−")}.`));
  element.dataset.far = far;
  const scroll = make("div", "in-scroll");
  scroll.append(sheet);
  body.append(make("p", "in-title", say(...heading)), asked.row, tabs, explained, enter, make("p", "in-note", say(...position)), said, scroll, check);
  sheet.addEventListener("pointerleave", () => { said.textContent = ""; });
  asked.go(row);
});
