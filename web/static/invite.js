// The page behind an invitation. The token comes from the fragment, which browsers never send by
// themselves; nothing is sent before the person presses the button.
"use strict";
(() => {
  const { duration, say, size } = figures;
  const ticketCard = document.getElementById("ticket");
  const base = location.pathname.replace(/\/+$/, "");
  const token = location.hash.slice(1);
  const $ = (id) => document.getElementById(id);
  const all = (selector) => document.querySelectorAll(selector);

  let asked = null; // what peek told
  let request = null;
  let file = null; // chosen, dropped or pasted

  function fill(name, text) {
    for (const place of all(`[data-fill="${name}"]`)) place.textContent = text;
  }

  function show(state) {
    ticketCard.dataset.state = state;
    for (const section of all("section[data-for]")) section.hidden = section.dataset.for !== state;
    const torn = ["delivered", "used", "revoked", "expired"].includes(state);
    ticketCard.classList.toggle("torn", torn);
    document.querySelector(".count").textContent = torn ? "0×" : "1×";
    const heading = document.querySelector(`section[data-for="${state}"] h1:not([hidden])`);
    if (heading && state !== "checking") heading.focus({ preventScroll: true });
  }

  function complain(sentence) {
    $("problem").textContent = sentence;
    $("problem").hidden = !sentence;
  }

  // What a refusal means on this page; false when it is about what was handed in.
  function explain(problem) {
    const kind = String(problem.type || "").split(":").pop();
    if (problem.retry_after) fill("wait", duration(problem.retry_after));
    const states = { closed: problem.state, "not-found": "wrong", occupied: "occupied", busy: "busy", unavailable: "busy", "rate-limited": "busy" };
    if (!states[kind]) return false;
    show(states[kind]);
    return true;
  }

  async function peek() {
    const answer = await fetch(`${base}/peek`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify({ token }),
      cache: "no-store",
    });
    const told = await answer.json().catch(() => ({}));
    if (answer.ok) return told;
    if (!explain(told)) show(answer.status === 400 ? "wrong" : "damaged");
    return null;
  }

  // Looks whether it is open; what was typed or chosen stays. An upload of this page's own that just
  // broke off may still seem to be under way.
  async function look(mine = false) {
    if (!/^[A-Za-z0-9_-]{43}$/.test(token)) { show("cut"); return false; }
    try {
      const told = await peek();
      if (!told) return false;
      asked = told;
    } catch {
      show("offline");
      return false;
    }
    fill("label", asked.label);
    fill("limit", size(asked.max_size));
    fill("expires", duration((new Date(asked.expires_at) - Date.now()) / 1000));
    if (asked.retry_after) fill("wait", duration(asked.retry_after));
    for (const part of all("[data-purpose]")) part.hidden = part.dataset.purpose !== asked.purpose;
    if (asked.state === "open" || (mine && asked.state === "occupied")) return true;
    show(asked.state);
    return false;
  }

  const tooLarge = () => say("too_large", { size: size(file.size), limit: size(asked.max_size) });

  function choose(chosen) {
    file = chosen;
    $("chosen").textContent = file ? `${file.name} · ${size(file.size)}` : say("drop");
    complain(file && file.size > asked.max_size ? tooLarge() : "");
  }

  async function send() {
    const text = asked.purpose === "request" ? $("text").value : "";
    complain("");
    if (file && text.trim()) return complain(say("either"));
    if (!file && !text) return complain(asked.purpose === "request" ? say("nothing") : say("no_file"));
    if (file && file.size > asked.max_size) return complain(tooLarge());
    $("send").disabled = true;
    try {
      if (!await look()) return; // told before the bytes go out
    } finally {
      $("send").disabled = false;
    }
    const data = new FormData();
    if (file) data.append("file", file, file.name);
    else data.append("text", text);
    upload(data);
  }

  function upload(data) {
    const started = performance.now();
    request = new XMLHttpRequest();
    request.open("POST", base);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("OTS-Invitation", token);
    request.responseType = "json";
    request.upload.onprogress = (event) => {
      const speed = event.loaded / ((performance.now() - started) / 1000);
      $("progress").value = event.total ? event.loaded / event.total : 0;
      $("sent").textContent = size(event.loaded);
      $("total").textContent = size(event.total);
      $("speed").textContent = speed > 0 ? ` · ${size(Math.round(speed))}/s` : "";
    };
    request.onload = () => arrived(request);
    request.onerror = () => back(say("broke"));
    request.onabort = () => back("");
    $("progress").value = 0;
    show("uploading");
    request.send(data);
  }

  // The last word may have been lost: whether it is still open tells.
  async function back(sentence) {
    request = null;
    if (!await look(true)) return;
    show("ready");
    complain(sentence);
  }

  function arrived({ status, response }) {
    request = null;
    if (status === 201 && response) {
      fill("label", response.handed_to);
      history.replaceState(null, "", base);
      $("form").reset();
      file = null;
      return show("delivered");
    }
    const told = response || {};
    if (explain(told)) return;
    show("ready");
    complain([told.title, told.detail].filter(Boolean).join(". ") || say("refused"));
  }

  async function begin() {
    show("checking");
    if (await look()) show("ready");
  }

  $("form").addEventListener("submit", (event) => { event.preventDefault(); send(); });
  $("file").addEventListener("change", () => choose($("file").files[0] || null));
  $("cancel").addEventListener("click", () => request && request.abort());
  for (const button of all("[data-again]")) button.addEventListener("click", begin);
  addEventListener("online", () => { if (ticketCard.dataset.state === "offline") begin(); });
  addEventListener("dragover", (event) => { event.preventDefault(); document.body.classList.add("dragging"); });
  addEventListener("dragleave", (event) => { if (!event.relatedTarget) document.body.classList.remove("dragging"); });
  addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dragging");
    if (ticketCard.dataset.state !== "ready") return;
    const files = event.dataTransfer.files;
    if (files.length > 1) complain(say("several"));
    else if (files.length) choose(files[0]);
  });
  addEventListener("paste", (event) => {
    const pasted = event.clipboardData.files[0];
    if (pasted && ticketCard.dataset.state === "ready") { event.preventDefault(); choose(pasted); }
  });
  begin();
})();
