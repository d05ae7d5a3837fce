// The page's own script: language before Gradio reads it, addresses, the header. No framework, no other host.
(() => {
  const S = window.LATENTE;
  const query = () => new URLSearchParams(location.search);
  const cookie = () => (document.cookie.match(/(?:^|; )latente_lang=(\w+)/) || [])[1];
  const keep = (k, v) => { try { localStorage.setItem(k, v); } catch { /* private window */ } };
  const kept = k => { try { return localStorage.getItem(k); } catch { return null; } };

  // --- language: ?lang=, the switch, the house, the browser
  const browser = (navigator.languages || [navigator.language]).map(l => l.slice(0, 2));
  const lang = [query().get("lang"), cookie(), S.lang, ...browser].find(l => S.languages.includes(l)) || "en";
  Object.defineProperty(navigator, "language", { get: () => lang });
  Object.defineProperty(navigator, "languages", { get: () => [lang] });
  const root = document.documentElement;
  root.lang = root.dataset.lang = lang;
  // the server reads the cookie; inside a frame without cookies it reads the address
  document.cookie = `latente_lang=${lang}; path=/; max-age=31536000; samesite=lax`;

  const speak = to => {
    document.cookie = `latente_lang=${to}; path=/; max-age=31536000; samesite=lax`;
    const u = new URL(location); u.searchParams.set("lang", to); location = u;
  };

  // --- light or dark
  const shade = dark => { document.body.classList.toggle("dark", dark); root.style.colorScheme = dark ? "dark" : "light"; };

  // --- addresses: /<stem>?view=<view>&<control>=<value>; ?tab=<stem> names the page from anywhere
  const $ = id => document.getElementById(id);
  const stems = Object.keys(S.titles);
  const here = location.pathname.split("/").pop();
  const tab = stems.includes(here) ? here : "home";
  const title = stem => S.titles[stem][lang === "es" ? 1 : 0];
  const when = (find, then, tries = 400) => {
    const found = find();
    if (found) then(found); else if (tries) setTimeout(() => when(find, then, tries - 1), 50);
  };
  const open = () => {
    // a Space shows this page in a frame: tell the outer address which page of ours it is
    if (parent !== window) {
      const q = query(); if (tab !== "home") q.set("tab", tab);
      parent.postMessage({ queryString: q.toString() }, "https://huggingface.co");
    }
    if (tab !== "home") when(() => $(`open-${tab}`), button => button.click());
  };
  const arrive = () => {
    when(() => document.querySelector(".bar"), bar => {
      document.title = (tab === "home" ? "" : title(tab) + " · ") + "Latente";
      const at = stems.indexOf(tab);
      for (const [mark, i] of [[".prev", at - 1], [".next", at + 1]]) {
        const a = bar.querySelector(mark), to = stems[i];
        a.href = to ?? "./"; a.title = to ? title(to) : "Latente"; a.setAttribute("aria-label", a.title);
      }
      bar.querySelectorAll(".contents a").forEach(a => a.dataset.tab === tab && a.setAttribute("aria-current", "page"));
    });
    open();
  };
  addEventListener("popstate", open);

  const toast = words => {
    const d = document.createElement("div");
    d.className = "toast"; d.textContent = words; d.setAttribute("role", "status");
    document.body.append(d); setTimeout(() => d.remove(), 3500);
  };

  document.addEventListener("click", e => {
    const a = e.target.closest?.("a[href^='?'], .bar button");
    if (a?.matches(".lang")) speak(a.dataset.lang);
    else if (a?.matches(".dark")) { const dark = !document.body.classList.contains("dark"); shade(dark); keep("latente_dark", dark ? "1" : "0"); }
    else if (a && !(e.ctrlKey || e.metaKey || e.shiftKey || e.button)) {
      // an experiment of the text: on its own page it only sets the controls
      e.preventDefault(); e.stopPropagation();
      const u = new URL(a.getAttribute("href"), location), to = u.searchParams.get("tab");
      if (query().get("lang")) u.searchParams.set("lang", query().get("lang"));
      if (to && to !== tab) location = to + u.search;
      else { history.pushState(null, "", u); scrollTo({ top: 0, behavior: "smooth" }); open(); }
    }
    const menu = document.querySelector(".bar details[open]");
    if (menu && !menu.contains(e.target)) menu.removeAttribute("open");
  }, true);

  window.latente = {
    // the address that reopens a view as it stands; values come in the order of names
    link([tab, view, names], values) {
      const u = new URL("./", location);
      u.searchParams.set("tab", tab); u.searchParams.set("view", view);
      names.forEach((n, i) => u.searchParams.set(n, values[i] === true ? 1 : values[i] === false ? 0 : values[i]));
      history.replaceState(null, "", tab + u.search);
      const es = lang === "es";
      // without https there is no clipboard: the address bar holds the link
      (navigator.clipboard?.writeText(u.href) ?? Promise.reject()).then(
        () => toast(es ? "Enlace copiado" : "Link copied"),
        () => toast(es ? "El enlace está en la barra de direcciones" : "The link is in the address bar"));
    },
    // the view that the address names, or the first, runs: a page with a result invites more than an empty one
    opened(tab, first) {
      // a view's button appears some time after the page, so the first view's waits for an unknown name only
      const asked = query().get("view");
      let patience = asked ? 80 : 0;
      when(() => $(`run-${tab}-${asked}`) ?? (patience-- > 0 ? null : $(`run-${tab}-${first}`)), b => setTimeout(() => b.click(), 150));
    },
  };

  addEventListener("DOMContentLoaded", () => {
    const dark = kept("latente_dark");
    when(() => document.querySelector(".bar"), () => { if (dark) shade(dark === "1"); });
    arrive();
  });
})();
