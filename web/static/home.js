// The home page: what is put in goes out as one upload, with its true progress.
"use strict";
(() => {
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

  function size(bytes) {
    if (bytes < 1000) return bytes === 1 ? "1 byte" : `${bytes} bytes`;
    let value = bytes;
    for (const unit of ["kB", "MB", "GB", "TB"]) {
      value /= 1000;
      if (value < 999.5 || unit === "TB") return `${value.toFixed(1).replace(/\.0$/, "")} ${unit}`;
    }
  }

  function complain(sentence) {
    $("problem").textContent = sentence;
    $("problem").hidden = !sentence;
  }

  function choose(chosen) {
    file = chosen;
    $("chosen").textContent = file ? `${file.name} · ${size(file.size)}` : "Drop it anywhere on this page.";
    complain(file && file.size > most ? `This file has ${size(file.size)}; the limit is ${form.dataset.maxShown}.` : "");
  }

  function send() {
    const text = $("text").value;
    complain("");
    if (file && text.trim()) return complain("Share either the text or the file. For both, make two links.");
    if (!file && !text) return complain("Write a text or choose a file.");
    if (file && file.size > most) return complain(`This file has ${size(file.size)}; the limit is ${form.dataset.maxShown}.`);
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
    request.onerror = () => back("The connection broke. Nothing was kept; send it again.");
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
      return back([told.title, told.detail].filter(Boolean).join(". ") || "The server could not take it. Try again.");
    }
    request = null;
    result = response;
    $("link").value = result.link;
    $("until").textContent = new Date(result.expires_at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
    $("copied").hidden = true;
    $("revoke-problem").hidden = true;
    show("result");
    $("link").select();
  }

  async function revoke() {
    let sentence = "The server can't be reached. Try again.";
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
    if (files.length > 1) complain("One file makes one link. Put several into an archive first.");
    else if (files.length && !$("compose").hidden) choose(files[0]);
  });
  addEventListener("paste", (event) => {
    const pasted = event.clipboardData.files[0];
    if (pasted && !$("compose").hidden) { event.preventDefault(); choose(pasted); }
  });
})();
