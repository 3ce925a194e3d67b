// The sender's receipt. The token comes from the fragment, which browsers never send by themselves;
// it stays there, so that the page can be kept as a bookmark.
"use strict";
(() => {
  const { duration, moment, say, size } = figures;
  const OFTEN = 4000; // ms until it looks again, while somebody is opening it or it was just looked at
  const RARELY = 60000; // ms at most, however long nothing changed
  const ticketCard = document.getElementById("ticket");
  const id = location.pathname.replace(/\/+$/, "").split("/").pop();
  const token = location.hash.slice(1);
  const $ = (name) => document.getElementById(name);
  const ENDS = ["opened", "expired", "revoked"];

  let told = null; // how it stood when it was last asked
  let pause = OFTEN;
  let timer = 0;
  let looks = 0; // an answer that another look has overtaken counts not

  function fill(name, text) {
    for (const place of document.querySelectorAll(`[data-fill="${name}"]`)) {
      if (place.textContent !== text) place.textContent = text;
    }
  }

  // What is the same again stays untouched: a screen reader says only what is new.
  function show(state) {
    if (ticketCard.dataset.state === state) return;
    ticketCard.dataset.state = state;
    for (const section of document.querySelectorAll("section[data-for]")) {
      section.hidden = section.dataset.for !== state;
    }
    const torn = [...ENDS, "receiving"].includes(state);
    ticketCard.classList.toggle("torn", torn);
    document.querySelector(".count").textContent = torn ? "0×" : "1×";
  }

  function ask(path, method) {
    return fetch(`/s/${id}${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, Accept: "application/json" },
      cache: "no-store",
      signal: AbortSignal.timeout(30000),
    });
  }

  function standing({ state, ended_at, attempts_left }) {
    if (state === "opened" || state === "burned") return ended_at ? "opened" : "receiving";
    return state === "locked" && attempts_left ? "unread" : state;
  }

  function tell() {
    const state = standing(told);
    const waiting = ["ready", "claimed", "locked", "unread"].includes(state);
    const locked = ["locked", "unread"].includes(state);
    fill("until", moment(told.expires_at));
    fill("ended", told.ended_at ? moment(told.ended_at) : "");
    fill("unlocks", say("unlocks", {}, told.unlocks_left));
    fill("created", moment(told.created_at));
    const left = duration((new Date(told.expires_at) - Date.now()) / 1000);
    fill("expires", say("expires", { when: moment(told.expires_at), left }));
    fill("size", size(told.size));
    fill("password", told.protected ? say("attempts", {}, told.attempts_left) : say("none"));
    $("facts").hidden = false;
    for (const part of document.querySelectorAll("[data-waiting]")) part.hidden = !waiting;
    $("unlock").hidden = !(locked && told.unlocks_left);
    $("wishes").hidden = !waiting || !$("sure").hidden;
    if (!waiting) $("sure").hidden = true;
    show(state);
    return state;
  }

  async function look() {
    clearTimeout(timer);
    const mine = ++looks;
    let again = pause;
    try {
      const answer = await ask("/status", "POST");
      const body = await answer.json();
      if (mine !== looks) return;
      if (answer.ok) {
        const before = ticketCard.dataset.state;
        told = body;
        const state = tell();
        $("looked").hidden = ENDS.includes(state);
        if (ENDS.includes(state)) return;
        $("looked").textContent = say("looked", { time: new Date().toLocaleTimeString(document.documentElement.lang) });
        pause = state === before ? Math.min(RARELY, pause * 1.3) : OFTEN;
        again = ["claimed", "receiving"].includes(state) ? OFTEN : pause;
      } else if (answer.status === 429 || answer.status >= 502) {
        again = Math.max(OFTEN, 1000 * (Number(answer.headers.get("Retry-After")) || 10));
        if (!told) show("busy");
      } else {
        return over(answer.status === 404 ? "wrong" : "damaged");
      }
    } catch {
      if (mine !== looks) return;
      again = 10000;
      show("offline");
    }
    if (!document.hidden) timer = setTimeout(look, again);
  }

  function over(state) {
    for (const part of ["wishes", "sure", "facts", "looked"]) $(part).hidden = true;
    for (const part of document.querySelectorAll("[data-waiting]")) part.hidden = true;
    show(state);
  }

  async function wish(path, method) {
    complain("");
    for (const button of document.querySelectorAll("button")) button.disabled = true;
    try {
      const answer = await ask(path, method);
      if (!answer.ok) {
        const problem = await answer.json().catch(() => ({}));
        complain([problem.title, problem.detail].filter(Boolean).join(". ") || say("refused"));
      }
    } catch {
      complain(say("away"));
    }
    for (const button of document.querySelectorAll("button")) button.disabled = false;
    sure(false);
    pause = OFTEN;
    await look();
    const heading = document.querySelector("section[data-for]:not([hidden]) h1");
    if (heading) heading.focus({ preventScroll: true });
  }

  function complain(sentence) {
    $("problem").textContent = sentence;
    $("problem").hidden = !sentence;
  }

  function sure(asked) {
    $("sure").hidden = !asked;
    $("wishes").hidden = asked;
    if (asked) $("keep").focus();
  }

  $("revoke").addEventListener("click", () => sure(true));
  $("keep").addEventListener("click", () => { sure(false); $("revoke").focus(); });
  $("destroy").addEventListener("click", () => wish("", "DELETE"));
  $("unlock").addEventListener("click", () => wish("/unlock", "POST"));
  // A page that nobody sees asks nothing; one that comes back asks at once.
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (!document.hidden && !ENDS.includes(ticketCard.dataset.state)) { pause = OFTEN; start(); }
  });
  addEventListener("hashchange", () => location.reload());

  function start() {
    if (/^[A-Za-z0-9_-]{43}$/.test(token)) look();
    else show("cut");
  }

  start();
})();
