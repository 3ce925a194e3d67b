// The page behind a link. The key comes from the fragment, which browsers never send by themselves;
// nothing is opened before the person presses the button.
"use strict";
(() => {
  const { duration, say, size } = figures;
  const LARGE = 64 * 1024 * 1024; // above this the browser's own download saves the file
  const PAUSES = [1000, 2000, 4000, 8000]; // between tries to go on by itself
  const WINDOW = 15 * 60; // seconds after the last byte until which the server lets this page go on
  const SILENCE = 30000; // ms without a byte after which the connection counts as broken
  const ticketCard = document.getElementById("ticket");
  const base = location.pathname.replace(/\/+$/, "");
  const $ = (id) => document.getElementById(id);

  let key = location.hash.slice(1);
  let unheard = false; // an open may have reached the server, and its answer not this page
  let secret = null; // what open told: name, size, kind, ticket
  let received = []; // pieces of a file, so that a broken transfer goes on where it stopped
  let got = 0;
  let saved = null; // the object URL of a received file
  // The claim is this page's right to open, and lives in its memory only.
  const claim = base64url(crypto.getRandomValues(new Uint8Array(32)));

  function base64url(bytes) {
    return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  }

  function fill(name, text) {
    for (const place of document.querySelectorAll(`[data-fill="${name}"]`)) place.textContent = text;
  }

  function show(state) {
    if (ticketCard.dataset.state === state) return;
    ticketCard.dataset.state = state;
    for (const section of document.querySelectorAll("section[data-for]")) {
      section.hidden = section.dataset.for !== state;
    }
    const torn = ["text", "saved", "opened", "expired", "revoked", "over"].includes(state);
    ticketCard.classList.toggle("torn", torn);
    document.querySelector(".count").textContent = torn ? "0×" : "1×";
    const heading = document.querySelector(`section[data-for="${state}"] h1`);
    if (heading && state !== "checking") heading.focus({ preventScroll: true });
  }

  const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  class Refused extends Error {
    constructor(status, problem) {
      super(problem.title || String(status));
      this.status = status;
      this.problem = problem;
      this.kind = String(problem.type || "").split(":").pop();
    }
  }

  async function post(action, fields, options = {}) {
    const answer = await fetch(`${base}/${action}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", ...options.headers },
      body: JSON.stringify(fields),
      cache: "no-store",
      signal: options.signal,
    });
    if (!answer.ok) {
      let problem = {};
      try { problem = await answer.json(); } catch { /* not ours: the status says enough */ }
      throw new Refused(answer.status, problem);
    }
    return answer;
  }

  // Whether trying again can't help. A proxy that speaks for a server which restarts names no kind.
  function final(error) {
    if (!(error instanceof Refused)) return false;
    return error.kind ? !["busy", "unavailable"].includes(error.kind) : error.status < 500;
  }

  // What a refusal means on this page.
  function explain(error) {
    if (!(error instanceof Refused)) return show("offline");
    const { kind, problem } = error;
    if (problem.retry_after) fill("wait", duration(problem.retry_after));
    if (kind === "gone") return show(got && problem.state === "opened" ? "over" : problem.state);
    const states = { "not-found": "wrong", changed: "changed", locked: "locked", taken: "taken", busy: "busy", unavailable: "busy", "rate-limited": "busy" };
    return show(states[kind] || "damaged");
  }

  function askPassword(left, wrong) {
    $("password-field").hidden = false;
    $("wrong").hidden = !wrong;
    fill("attempts", say("attempts", {}, left));
    show("ready");
    $("password").value = "";
    $("password").required = true;
    if (wrong) $("password").focus();
  }

  async function look() {
    if (!/^[A-Za-z0-9_-]{43}$/.test(key)) return show("cut");
    show("checking");
    try {
      const told = await (await post("peek", { key })).json();
      if (told.state === "ready" || (told.state === "claimed" && unheard)) { // by this page, then
        fill("size", size(told.size));
        fill("expires", duration((new Date(told.expires_at) - Date.now()) / 1000));
        if (told.protected) askPassword(told.attempts_left, false);
        else show("ready");
      } else if (told.state === "claimed") {
        fill("wait", duration(60));
        show("taken");
      } else {
        show(told.state);
      }
    } catch (error) {
      explain(error);
    }
  }

  async function open() {
    const password = $("password").value;
    show("opening");
    $("languages").hidden = true; // another language reloads the page, which forgets the claim
    unheard = false;
    try {
      secret = await (await post("open", password ? { key, claim, password } : { key, claim })).json();
    } catch (error) {
      unheard = !final(error);
      $("languages").hidden = unheard;
      if (error.kind === "wrong-password") {
        if (error.problem.attempts_left === 0) return show("locked");
        return askPassword(error.problem.attempts_left, true);
      }
      if (error.kind === "password-required") return askPassword(error.problem.attempts_left, false);
      if (error.kind === "changed") return look();
      return explain(error);
    }
    // From here on the claim is what counts; a bookmark or a screenshot needs no key.
    $("languages").remove();
    history.replaceState(null, "", location.pathname);
    key = "";
    $("password").value = "";
    fill("name", secret.kind === "text" ? say("the_text") : secret.name);
    fill("total", size(secret.size));
    lastByte = Date.now();
    fetchIt();
  }

  function fetchIt() {
    if (secret.size > LARGE) saveLarge();
    else receive();
  }

  async function receive() {
    for (let tries = 0; ; tries++) {
      const before = got;
      try {
        await fetchRest();
        return finish();
      } catch (error) {
        if (final(error)) return explain(error);
        if (got > before) tries = 0;
        if (tries >= PAUSES.length) return interrupted();
        $("retrying").hidden = false;
        await wait(PAUSES[tries]);
      }
    }
  }

  let lastByte = 0; // when, by this page's clock
  let counting = 0;

  // How long it can go on: the server knows; where it can't be reached, this page's clock tells.
  // Before the first byte nothing may have been decided, so nothing runs out.
  async function interrupted() {
    fill("received", size(got));
    if (got) {
      countDown(WINDOW - (Date.now() - lastByte) / 1000);
      show("interrupted");
    }
    try {
      const told = await (await post("progress", { claim }, { signal: AbortSignal.timeout(SILENCE) })).json();
      if (told.state !== "opened") return show("stalled");
      countDown(told.seconds_left);
      show("interrupted");
    } catch (error) {
      if (!got) return stalled(error);
      if (error.kind === "gone") explain(error);
    }
  }

  // Its claim lapsed before a byte was handed out: the ticket may still win it.
  function stalled(error) {
    if (error.kind === "not-found") show("stalled");
    else explain(error);
  }

  function countDown(seconds) {
    const end = Date.now() + seconds * 1000;
    const tell = () => {
      fill("left", duration((end - Date.now()) / 1000));
      if (Date.now() < end && ticketCard.dataset.state === "interrupted") return;
      clearInterval(counting);
      if (ticketCard.dataset.state === "interrupted") show("over");
    };
    clearInterval(counting);
    counting = setInterval(tell, 1000);
    fill("left", duration(seconds));
  }

  async function fetchRest() {
    show("saving");
    if (got && got === secret.size) return; // it broke after the last byte
    const headers = got ? { Range: `bytes=${got}-` } : {};
    const control = new AbortController();
    let alarm = setTimeout(() => control.abort(), SILENCE);
    try {
      const answer = await post("data", { claim, ticket: secret.ticket }, { headers, signal: control.signal });
      if (got && answer.status !== 206) { received = []; got = 0; }
      const reader = answer.body.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        clearTimeout(alarm);
        alarm = setTimeout(() => control.abort(), SILENCE);
        received.push(value);
        lastByte = Date.now();
        got += value.length;
        $("retrying").hidden = true;
        $("progress").value = secret.size ? got / secret.size : 1;
        fill("received", size(got));
      }
    } finally {
      clearTimeout(alarm);
    }
    if (got !== secret.size) throw new TypeError("the transfer ended early");
  }

  async function finish() {
    const blob = new Blob(received, { type: "application/octet-stream" });
    received = [];
    if (secret.kind === "text") {
      $("text").textContent = await blob.text();
      show("text");
    } else {
      saved = URL.createObjectURL(blob);
      save();
      show("saved");
      $("save-again").hidden = false;
      preview.offer(blob);
    }
    await confirmed();
  }

  // The window's end burns anyway; this only tells the sender sooner.
  async function confirmed() {
    for (const pause of [0, ...PAUSES]) {
      await wait(pause);
      try {
        await post("done", { claim });
        return burned();
      } catch (error) {
        if (final(error)) return;
      }
    }
  }

  function burned() {
    for (const line of document.querySelectorAll("[data-burned]")) line.hidden = false;
  }

  function save() {
    const anchor = document.createElement("a");
    anchor.href = saved;
    anchor.download = secret.name;
    document.body.append(anchor);
    anchor.click();
    anchor.remove();
  }

  let watching = false;

  function saveLarge() {
    show("saving-large");
    const form = document.createElement("form");
    form.method = "post";
    form.action = `${base}/data`;
    form.hidden = true;
    for (const [name, value] of Object.entries({ claim, ticket: secret.ticket, stay: "1" })) {
      const input = document.createElement("input");
      input.type = "hidden";
      input.name = name;
      input.value = value;
      form.append(input);
    }
    document.body.append(form);
    form.submit();
    form.remove();
    watch();
  }

  async function watch() {
    if (watching) return;
    watching = true;
    for (;;) {
      await wait(2000);
      if (ticketCard.dataset.state !== "saving-large") break;
      try {
        const told = await (await post("progress", { claim })).json();
        $("progress-large").value = told.complete ? 1 : told.sent / secret.size;
        if (told.state === "opened") $("not-yet").hidden = true;
        if (told.state === "opened" && told.seconds_left === 0) {
          show(told.complete ? "saved" : "over");
          if (told.complete) burned();
          break;
        }
      } catch (error) {
        if (final(error)) { stalled(error); break; }
      }
    }
    watching = false;
  }

  async function haveIt() {
    $("have-it").disabled = true;
    try {
      await post("done", { claim });
      show("saved");
      burned();
    } catch (error) {
      if (error.kind === "not-found") $("not-yet").hidden = false;
      else if (error instanceof Refused) explain(error);
    }
    $("have-it").disabled = false;
  }

  $("open-form").addEventListener("submit", (event) => { event.preventDefault(); open(); });
  $("again").addEventListener("click", receive);
  $("save-again").addEventListener("click", save);
  $("save-large").addEventListener("click", saveLarge);
  $("have-it").addEventListener("click", haveIt);
  $("copy").addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText($("text").textContent);
      $("copied").hidden = false;
    } catch {
      getSelection().selectAllChildren($("text"));
    }
  });
  $("hide").addEventListener("click", () => {
    const veiled = $("text").classList.toggle("veiled");
    $("hide").textContent = say(veiled ? "show" : "hide");
  });
  for (const button of document.querySelectorAll("[data-again]")) {
    button.addEventListener("click", () => (key ? look() : fetchIt()));
  }
  addEventListener("online", () => { if (ticketCard.dataset.state === "offline" && !secret) look(); });
  // A second link pasted into this window changes the fragment only.
  addEventListener("hashchange", () => { if (!secret) { key = location.hash.slice(1); look(); } else location.reload(); });
  look();
})();
