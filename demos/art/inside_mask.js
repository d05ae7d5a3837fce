// The same sentence with the causal mask and without: what each place sees, expects and pays.
live(value => {
  const { words, open, closed } = value, n = words.length, colours = dyes(), sides = [closed, open];
  const at = (i, j) => i * n + j, weights = sides.map(s => Float32Array.from(bytes(s.weights), v => v / 255));
  const names = [say("With the mask", "Con la máscara"), say("Without it", "Sin ella")], pair = make("div", "in-pair");
  const columns = sides.map((s, k) => {
    const box = make("div"), canvas = cells(make("canvas", "in-large"), n, n, (i, j) => k === 0 && j > i ? null : heat(colours, weights[k][at(i, j)])), tops = make("div");
    box.append(make("p", "in-title", names[k]), canvas, tops);
    pair.append(box);
    return { canvas, tops };
  });
  const said = make("p", "in-said"), point = i => {
    const next = words[i + 1];
    asked.spans.forEach((s, j) => { s.classList.toggle("later", j > i); shade(s, 0, ""); });
    sides.forEach((s, k) => {
      const list = s.next[i].map(([w, p]) => [w, p, w === next ? "true" : ""]);
      if (next !== undefined && !list.some(x => x[2])) list.push([next, s.given[i], "true"]);
      columns[k].tops.replaceChildren(make("p", "in-title", say(`After “${words[i]}” it expects`, `Después de «${words[i]}» espera`)), bars(list, Math.max(...list.map(x => x[1]))));
    });
    said.textContent = next === undefined ? "" : say(`“${next}” costs ${number(-Math.log2(closed.given[i]))} bits with the mask, ${number(-Math.log2(open.given[i]))} without.`,
      `«${next}» cuesta ${number(-Math.log2(closed.given[i]))} bits con la máscara, ${number(-Math.log2(open.given[i]))} sin ella.`);
  };
  const asked = strip(words, point);
  columns.forEach(({ canvas }) => canvas.addEventListener("pointermove", e => {
    const r = canvas.getBoundingClientRect();
    asked.go(Math.max(0, Math.min(n - 1, Math.floor((e.clientY - r.top) / r.height * n))));
  }));
  body.append(asked.row, said, pair);
  asked.hold(Math.max(0, n - 2));
});
