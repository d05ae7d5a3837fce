// What the boards of the tab "inside" share: words that can be pointed at, bars, colours. From gr.HTML: element, props, watch.
// A board gets numbers once; pointing at a word asks nobody.
const body = element.querySelector(".in-body");
const say = (en, es) => document.documentElement.lang === "es" ? es : en;
const make = (tag, kind = "", words = "") => { const e = document.createElement(tag); e.className = kind; e.textContent = words; return e; };
const button = (kind, words, act) => { const e = make("button", kind, words); e.type = "button"; e.addEventListener("click", act); return e; };
const bytes = text => Uint8Array.from(atob(text || ""), c => c.charCodeAt(0));
const floats = text => new Float32Array(bytes(text).buffer);
const local = text => (say("", "es") ? text.replace(".", ",") : text).replace("-", "−");
const number = (v, digits = 2) => local(v.toFixed(digits));
const percent = v => v >= .0995 ? `${Math.round(100 * v)} %` : v >= .001 ? local(`${(100 * v).toFixed(1)} %`) : v > 0 ? local("<0.1 %") : "0";

// ---- colours of the page, light or dark, for what is drawn on a canvas
const rgb = text => { const d = text.trim().slice(1); return [0, 2, 4].map(i => parseInt(d.length === 3 ? d[i / 2] + d[i / 2] : d.slice(i, i + 2), 16)); };
const mix = (a, b, s) => a.map((v, i) => v + (b[i] - v) * s);
const dyes = () => {
  const style = getComputedStyle(element);
  return Object.fromEntries(["ink", "soft", "line", "panel", "paper", "mark", "warm"].map(k => [k, rgb(style.getPropertyValue(`--${k}`))]));
};
// a picture of rows x columns cells, one pixel each; the style sheet enlarges it. `tone(i, j)` is a colour or null
const cells = (canvas, rows, columns, tone) => {
  canvas.width = columns; canvas.height = rows;
  const pen = canvas.getContext("2d"), image = pen.createImageData(columns, rows);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) {
    const c = tone(i, j);
    if (c) image.data.set([c[0], c[1], c[2], 255], 4 * (i * columns + j));
  }
  pen.putImageData(image, 0, 0);
  return canvas;
};
const heat = (c, v) => mix(c.panel, c.mark, Math.min(1, Math.max(0, v)) ** .6);
const signed = (c, v) => mix(c.panel, v < 0 ? c.warm : c.mark, Math.min(1, Math.abs(v)) ** .7);

// ---- words in a row. `point(i)` when one is pointed at, also by touch and by the arrow keys; a click holds it
const strip = (words, point, start = words.length - 1) => {
  const row = make("div", "in-words"), spans = words.map((w, i) => {
    const s = make("span", "in-word");
    s.append(make("b", "", w), make("i"));
    s.dataset.i = i;
    return s;
  });
  let held = start, at = -1;
  const go = i => {
    if (i === at) return;
    spans[at]?.classList.remove("asks");
    at = i; spans[i].classList.add("asks");
    point(i);
  };
  const which = e => e.target.closest?.(".in-word");
  row.tabIndex = 0; row.setAttribute("role", "listbox"); row.setAttribute("aria-label", words.join(" "));
  row.addEventListener("pointerover", e => { const s = which(e); if (s) go(+s.dataset.i); });
  row.addEventListener("pointerleave", () => go(held));
  row.addEventListener("click", e => { const s = which(e); if (s) { held = +s.dataset.i; go(held); } });
  row.addEventListener("keydown", e => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
    if (!step) return;
    e.preventDefault(); held = Math.max(0, Math.min(words.length - 1, at + step)); go(held);
  });
  row.append(...spans);
  return { row, spans, go, hold: i => { held = i; go(i); }, get at() { return at; } };
};
// shading: part of the largest among the words that count, and the number under it
const shade = (span, part, words = "") => {
  const s = Math.min(1, Math.max(0, part));
  span.style.setProperty("--share", `${Math.round(100 * s ** 1.15)}%`);
  span.classList.toggle("strong", s > .58);
  span.lastChild.textContent = words;
};

// ---- bars: rows of [word, share, kind]; with an `act` a row can be pressed
const bars = (rows, most = 1, act = null) => {
  const box = make("div", "in-bars");
  for (const [k, [word, share, kind = ""]] of rows.entries()) {
    const press = act?.(k), row = press ? button(`in-bar ${kind}`, "", press) : make("div", `in-bar ${kind}`), line = make("i"), fill = make("b");
    fill.style.width = `${Math.max(.5, 100 * share / most)}%`;
    line.append(fill); row.append(make("span", "", word), line, make("em", "", percent(share)));
    box.append(row);
  }
  return box;
};

// ---- a value arrives, or the page turns light or dark: draw anew
const live = draw => {
  const again = () => {
    const found = props.value;
    if (!found || !found.words) return;
    body.replaceChildren(); draw(found); element.dataset.drawn = +(element.dataset.drawn || 0) + 1;
  };
  watch("value", again);
  new MutationObserver(again).observe(document.body, { attributeFilter: ["class"] });
  again();
};
