// The home page: what is put in goes out as one upload, with its true progress.
"use strict";
(() => {
  const { say, size } = figures;
  const $ = (id) => document.getElementById(id);
  const form = $("form");
  const most = Number(form.dataset.max);
  const sections = ["compose", "sending", "result", "revoked"];
  let request = null;
  let result = null;
  let file = null; // chosen, dropped or pasted

  function show(name) {
    for (const section of sections) $(section).hidden = section !== name;
    $("ticket").classList.toggle("torn", name === "revoked");
    const heading = $(name).querySelector("h1");
    if (heading) heading.focus({ preventScroll: true });
  }

  function complain(sentence) {
    $("problem").textContent = sentence;
    $("problem").hidden = !sentence;
  }

  function choose(chosen) {
    file = chosen;
    $("chosen").textContent = file ? `${file.name} · ${size(file.size)}` : say("drop");
    complain(file && file.size > most ? say("too_large", { size: size(file.size), limit: form.dataset.maxShown }) : "");
  }

  function send() {
    const text = $("text").value;
    complain("");
    if (file && text.trim()) return complain(say("either"));
    if (!file && !text) return complain(say("nothing"));
    if (file && file.size > most) return complain(say("too_large", { size: size(file.size), limit: form.dataset.maxShown }));
    const data = new FormData();
    data.append("expires", $("expires").value);
    if ($("password").value) data.append("password", $("password").value);
    if (file) data.append("file", file, file.name);
    else data.append("text", text);
    upload(data);
  }

  function upload(data) {
    const started = performance.now();
    request = new XMLHttpRequest();
    request.open("POST", "/upload");
    request.setRequestHeader("Accept", "application/json");
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
    show("sending");
    request.send(data);
  }

  function back(sentence) {
    request = null;
    show("compose");
    complain(sentence);
  }

  function arrived({ status, response }) {
    if (status !== 201 || !response) {
      const told = response || {};
      return back([told.title, told.detail].filter(Boolean).join(". ") || say("refused"));
    }
    request = null;
    result = response;
    $("link").value = result.link;
    $("until").textContent = new Date(result.expires_at).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
    $("copied").hidden = true;
    $("revoke-problem").hidden = true;
    show("result");
    $("link").select();
  }

  async function revoke() {
    let sentence = say("away");
    try {
      const answer = await fetch(`/s/${result.id}`, {
        method: "DELETE",
        headers: { Authorization: `Bearer ${result.revoke_token}`, Accept: "application/json" },
      });
      if (answer.ok) return show("revoked");
      const told = await answer.json();
      sentence = [told.title, told.detail].filter(Boolean).join(". ");
    } catch { /* the sentence stands */ }
    $("revoke-problem").textContent = sentence;
    $("revoke-problem").hidden = false;
  }

  function anew() {
    result = null;
    $("link").value = "";
    form.reset();
    choose(null);
    show("compose");
  }

  form.addEventListener("submit", (event) => { event.preventDefault(); send(); });
  $("file").addEventListener("change", () => choose($("file").files[0] || null));
  $("cancel").addEventListener("click", () => request && request.abort());
  $("revoke").addEventListener("click", revoke);
  $("another").addEventListener("click", anew);
  $("anew").addEventListener("click", anew);
  $("copy").addEventListener("click", async () => {
    $("link").select();
    try {
      await navigator.clipboard.writeText($("link").value);
      $("copied").hidden = false;
    } catch { /* it is selected: Ctrl-C */ }
  });
  addEventListener("dragover", (event) => { event.preventDefault(); document.body.classList.add("dragging"); });
  addEventListener("dragleave", (event) => { if (!event.relatedTarget) document.body.classList.remove("dragging"); });
  addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dragging");
    const files = event.dataTransfer.files;
    if (files.length > 1) complain(say("several"));
    else if (files.length && !$("compose").hidden) choose(files[0]);
  });
  addEventListener("paste", (event) => {
    const pasted = event.clipboardData.files[0];
    if (pasted && !$("compose").hidden) { event.preventDefault(); choose(pasted); }
  });
})();
