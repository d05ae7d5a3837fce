// Positions as tables of numbers, and what a shuffled sentence changes.
live(value => {
  const { tables, cases, shuffled } = value, colours = dyes(), said = make("p", "in-said"), pair = make("div", "in-pair"), grid = make("div", "in-three");
  for (const { name, about, rows, columns, data } of tables) {
    const box = make("div"), part = bytes(data), get = (i, j) => part[i * columns + j] / 127.5 - 1;
    const canvas = cells(make("canvas", "in-table"), rows, columns, (i, j) => signed(colours, get(i, j)));
    canvas.addEventListener("pointermove", e => {
      const r = canvas.getBoundingClientRect(), i = Math.max(0, Math.min(rows - 1, Math.floor((e.clientY - r.top) / r.height * rows))), j = Math.max(0, Math.min(columns - 1, Math.floor((e.clientX - r.left) / r.width * columns)));
      said.textContent = say(`${say(...name)}: position ${i}, number ${j + 1}: ${number(get(i, j))} of the largest`, `${say(...name)}: posición ${i}, número ${j + 1}: ${number(get(i, j))} del mayor`);
    });
    box.append(make("p", "in-title", say(...name)), make("p", "in-note", say(...about)), canvas);
    pair.append(box);
  }
  pair.addEventListener("pointerleave", () => { said.textContent = ""; });
  for (const { name, before, after, moved } of cases) {
    const box = make("div"), most = Math.max(before[0][1], after[0][1]);
    box.append(make("p", "in-title", say(...name)), make("p", "in-note", say("in order", "en orden")), bars(before, most),
      make("p", "in-note", say("shuffled", "mezclada")), bars(after.map(x => [...x, "warm"]), most),
      make("p", "in-said", say(`${percent(moved)} of the chances moved`, `se movió el ${percent(moved)} de las probabilidades`)));
    grid.append(box);
  }
  body.append(make("p", "in-title", say("Shuffle all but the last: what comes next?", "Mezclar todo menos lo último: ¿qué sigue?")),
    make("p", "in-shuffled", shuffled), grid, make("p", "in-title", say("Positions as numbers", "Posiciones hechas números")), pair, said);
});
