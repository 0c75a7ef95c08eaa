// Small scripts that make the pages quicker to use. Each page reads and works without them.
"use strict";
(() => {
  const root = document.documentElement;
  // Theme: the system's, unless the reader chose another on this machine.
  const theme = document.querySelector(".theme");
  let kept = null;
  try { kept = localStorage.getItem("theme"); } catch { /* storage is off */ }
  if (kept === "light" || kept === "dark") root.dataset.theme = kept;
  if (theme) {
    theme.hidden = false;
    theme.addEventListener("click", () => {
      const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = dark ? "light" : "dark";
      try { localStorage.setItem("theme", root.dataset.theme); } catch { /* storage is off */ }
    });
  }

  // A link within a part that may be swapped fetches the page and takes over that part only, so that the reader stays in place.
  let asked = 0;
  const swap = async (part, href, push) => {
    const turn = ++asked;
    const answer = await fetch(href, { credentials: "same-origin" });
    if (turn !== asked) return; // the reader has gone on
    if (!answer.ok) { location.href = href; return; }
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(part.id);
    if (turn !== asked) return;
    if (!fresh) { location.href = href; return; }
    part = document.getElementById(part.id);
    const wide = part.querySelector(".scroll"), left = wide ? wide.scrollLeft : 0;
    part.replaceWith(fresh);
    const again = fresh.querySelector(".scroll");
    if (again) again.scrollLeft = left;
    if (push) history.pushState({ part: part.id }, "", href);
    const ledger = fresh.querySelector(".ledger h3");
    if (ledger) { ledger.tabIndex = -1; ledger.focus({ preventScroll: true }); }
  };
  document.addEventListener("click", (e) => {
    const a = e.target.closest("a");
    if (!a || e.ctrlKey || e.metaKey || e.shiftKey || e.button !== 0) return;
    const part = a.dataset.into ? document.getElementById(a.dataset.into) : a.closest("[data-swap]");
    const raw = a.getAttribute("href");
    if (!part || !raw) return;
    const to = new URL(raw, location.href);
    if (to.pathname !== location.pathname || to.hash !== "#" + part.id) return;
    e.preventDefault();
    for (const row of document.querySelectorAll("[data-row].shown")) row.classList.remove("shown");
    const row = a.closest("[data-row]");
    if (row) row.classList.add("shown");
    swap(part, to.href, !row);
  });
  addEventListener("popstate", () => {
    const part = document.querySelector("[data-swap]");
    if (part) swap(part, location.href, false);
  });

  // A menu closes when the reader goes on.
  document.addEventListener("click", (e) => {
    for (const m of document.querySelectorAll("details.menu[open]")) if (!m.contains(e.target)) m.open = false;
  });
  document.addEventListener("keydown", (e) => {
    if (e.key !== "Escape") return;
    for (const m of document.querySelectorAll("details.menu[open]")) { m.open = false; m.querySelector("summary").focus(); }
    for (const d of document.querySelectorAll("dialog[open]")) d.close();
  });

  // Keys. "/" searches, "g" and a letter goes to a page, "?" lists them; pages add their own by data-key.
  const places = { n: "/", c: "/campaigns", t: "/triage", s: "/search", w: "/warnings", d: "/directory" };
  if (!document.querySelector('nav a[href="/directory"]')) delete places.d; // not for who belongs to an organisation
  let went = 0;
  const typing = (el) => el && (el.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(el.tagName) && !/^(checkbox|radio|button|submit)$/.test(el.type));
  const help = () => {
    let d = document.getElementById("keys");
    if (!d) {
      d = document.createElement("dialog");
      d.id = "keys";
      d.setAttribute("aria-label", "Keys");
      const rows = [["/", "search"], ["g n", "now"], ["g c", "campaigns"], ["g t", "triage"], ["g s", "search page"], ["g w", "warnings"]];
      if (places.d) rows.push(["g d", "directory"]);
      for (const b of document.querySelectorAll("[data-key]")) rows.push([b.dataset.key, (b.dataset.does || b.textContent.replace(b.dataset.key, "")).trim()]);
      const dl = document.createElement("dl");
      const seen = new Set();
      for (const [k, what] of rows) {
        if (seen.has(k)) continue;
        seen.add(k);
        const dt = document.createElement("dt"), dd = document.createElement("dd"), kbd = document.createElement("kbd");
        kbd.textContent = k; dt.append(kbd); dd.textContent = what; dl.append(dt, dd);
      }
      const close = document.createElement("button");
      close.type = "button"; close.textContent = "Close";
      close.addEventListener("click", () => d.close());
      d.append(dl, close);
      document.body.append(d);
    }
    d.showModal();
  };
  for (const b of document.querySelectorAll("[data-keys]")) { b.hidden = false; b.addEventListener("click", help); }
  document.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || typing(e.target) || document.querySelector("dialog[open]")) return;
    if (went && Date.now() - went < 1200 && places[e.key]) { went = 0; location.href = places[e.key]; return; }
    went = e.key === "g" ? Date.now() : 0;
    if (e.key === "/") { e.preventDefault(); document.getElementById("find")?.focus(); return; }
    if (e.key === "?") { help(); return; }
    const b = document.querySelector(`[data-key="${CSS.escape(e.key)}"]`);
    if (b && !b.disabled) { e.preventDefault(); b.click(); }
  });

  // A list of rows that keys move through: j and k move, x ticks, Enter opens.
  const list = document.querySelector("[data-queue]");
  if (list) {
    const rows = [...list.querySelectorAll("[data-row]")];
    let at = -1;
    const go = (n) => {
      if (!rows.length) return;
      at = Math.max(0, Math.min(rows.length - 1, n));
      rows.forEach((r, i) => r.classList.toggle("at", i === at));
      rows[at].querySelector("a").focus();
      rows[at].scrollIntoView({ block: "nearest" });
      rows[at].querySelector("a").click();
    };
    rows.forEach((r, i) => r.addEventListener("focusin", () => { at = i; rows.forEach((o, k) => o.classList.toggle("at", k === i)); }));
    const tick = () => { const box = at >= 0 && rows[at].querySelector("input[type=checkbox]"); if (box) { box.checked = !box.checked; count(); } };
    const count = () => {
      const n = list.querySelectorAll("input[type=checkbox][name=id]:checked").length;
      const out = list.querySelector("[data-count]");
      if (out) out.textContent = n ? `${n} chosen` : "none chosen: the marked one is meant";
    };
    document.addEventListener("keydown", (e) => {
      if (e.ctrlKey || e.metaKey || e.altKey || typing(e.target)) return;
      if (e.key === "j") go(at + 1);
      else if (e.key === "k") go(at - 1);
      else if (e.key === "x") tick();
    });
    list.addEventListener("change", count);
    const all = list.querySelector("[data-all]");
    if (all) all.addEventListener("change", () => { for (const b of list.querySelectorAll("input[name=id]")) b.checked = all.checked; count(); });
    // A word said without a tick is about the row that the reader stands on.
    const form = list.closest("form") || list.querySelector("form");
    if (form) form.addEventListener("submit", (e) => {
      if (!form.querySelector("input[name=id]:checked") && at >= 0) { const box = rows[at].querySelector("input[name=id]"); if (box) box.checked = true; }
      const kind = e.submitter && e.submitter.value;
      const n = form.querySelectorAll("input[name=id]:checked").length;
      if (!n || (kind === "must-link" || kind === "cannot-link") && n < 2) {
        e.preventDefault();
        const out = list.querySelector("[data-count]");
        if (out) out.textContent = n ? "choose two or more messages for that" : "choose a message first";
      }
    });
    count();
  }
})();
