// Passages of coloured tokens (kit.texts): a pressed token unfolds what else could have stood there.
// data-a of a token: { p, q, r, of, a: [[id, words, p, q], ...] } with chances in %, p the model's own, q after
// the taste, r the token's rank. data-pick of a passage or a button: what `select` reports.
const spoken = (en, es) => document.documentElement.dataset.lang === "es" ? es : en;
const share = v => v == null ? "" : (v >= 10 ? v.toFixed(0) : v >= .095 ? v.toFixed(1) : v > 0 ? "<0.1" : "0").replace(".", spoken(".", ",")) + " %";
const bits = p => (-Math.log2(Math.max(p / 100, 1e-9))).toFixed(1).replace(".", spoken(".", ","));
const row = ([id, words, p, q], own) => {
  const b = document.createElement("button"), name = document.createElement("span");
  b.type = "button"; b.dataset.id = id; name.textContent = words;
  if (own) b.className = "own";
  if (q === 0) b.classList.add("cut");
  const bar = (v, kind) => { const u = document.createElement("u"); u.className = kind; u.style.width = Math.max(.5, v) + "%"; return u; };
  const both = document.createElement("b"); both.append(bar(p, "model"), ...(q == null ? [] : [bar(q, "taste")]));
  const say = document.createElement("em"); say.textContent = share(p) + (q == null || share(p) === share(q) ? "" : " → " + share(q));
  b.append(name, both, say);
  return b;
};
const about = d => `${share(d.p)} · ${bits(d.p)} bits · ` + spoken(`rank ${d.r} of ${d.of}`, `puesto ${d.r} de ${d.of}`);
let open = null;  // [passage, token]: a growing text is drawn anew, and what is unfolded stays so
const close = () => { open = null; element.querySelectorAll(".fold").forEach(f => f.remove()); element.querySelectorAll("i.open").forEach(i => i.classList.remove("open")); };
const unfold = token => {
  const was = token.classList.contains("open");
  close();
  if (was) return;
  const d = JSON.parse(token.dataset.a), fold = document.createElement("div"), head = document.createElement("p");
  fold.className = "fold"; token.classList.add("open");
  open = [[...element.querySelectorAll(".inked")].indexOf(token.parentElement), [...token.parentElement.querySelectorAll("i[data-a]")].indexOf(token)];
  head.textContent = `“${token.textContent}” · ` + about(d);
  fold.append(head, ...d.a.map(a => row(a, a[0] === d.id)));
  fold.dataset.at = token.dataset.k ?? [...token.parentElement.querySelectorAll("i[data-a]")].indexOf(token);
  const passage = token.closest(".inked");
  passage.after(fold);  // under the token, over what follows
  fold.style.top = token.offsetTop + token.offsetHeight + 6 + "px";
  const last = token.getClientRects(), at = last[last.length - 1].left - passage.getBoundingClientRect().left;
  fold.style.left = passage.offsetLeft + Math.max(0, Math.min(at, passage.offsetWidth - fold.offsetWidth)) + "px";
};
element.addEventListener("pointerover", e => {
  const token = e.target.closest("i[data-a]");
  if (token && !token.title) token.title = about(JSON.parse(token.dataset.a)) + spoken("\nclick: what else", "\nclic: qué más");
});
element.addEventListener("click", e => {
  const token = e.target.closest("i[data-a]"), button = e.target.closest("button");
  if (token) unfold(token);
  else if (button?.dataset.pick) trigger("select", { index: JSON.parse(button.dataset.pick), value: "pick" });
  else if (button?.dataset.id && element.dataset.busy !== "1") {
    const fold = button.closest(".fold"), strand = fold.previousElementSibling.dataset.strand ?? 0;
    trigger("select", { index: [+strand, +fold.dataset.at, +button.dataset.id], value: button.querySelector("span").textContent });
    close();
  } else if (!e.target.closest(".fold")) close();
});
element.addEventListener("keydown", e => {
  if (e.key === "Escape") close();
  const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key], all = [...element.querySelectorAll("i[data-a]")];
  if (!step || !all.length || e.target.closest("button")) return;
  const at = all.findIndex(i => i.classList.contains("open")), next = all[Math.max(0, Math.min(all.length - 1, at + step))];
  if (!next.classList.contains("open")) unfold(next);
  e.preventDefault();
});
watch("value", () => {
  const token = open && element.querySelectorAll(".inked")[open[0]]?.querySelectorAll("i[data-a]")[open[1]];
  open = null;
  if (token) unfold(token);
});
