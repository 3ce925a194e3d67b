// The home page: what is put in goes out as one upload, with its true progress.
"use strict";
(() => {
  const { duration, moment, say, size } = figures;
  const $ = (id) => document.getElementById(id);
  const form = $("form");
  const sections = ["compose", "sending", "result", "revoked"];
  let request = null;
  let result = null;

  function show(name) {
    for (const section of sections) $(section).hidden = section !== name;
    $("ticket").classList.toggle("torn", name === "revoked");
    $("languages").hidden = name !== "compose"; // another one loads the page anew
    const heading = $(name).querySelector("h1");
    if (heading) heading.focus({ preventScroll: true });
  }

  function send() {
    const text = $("text").value;
    const files = chosen.files();
    const problem = !files.length && !text ? say("nothing") : chosen.tooLarge();
    chosen.complain(problem);
    if (problem) return;
    const data = new FormData();
    data.append("expires", $("expires").value);
    if ($("password").value) data.append("password", $("password").value);
    if (text.trim() || !files.length) data.append("text", text);
    for (const file of files) data.append("file", file, file.name);
    upload(data);
  }

  function upload(data) {
    const started = performance.now();
    request = new XMLHttpRequest();
    request.open("POST", "/upload");
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("OTS-QR", "svg");
    request.responseType = "json";
    request.upload.onprogress = (event) => progress(event, (performance.now() - started) / 1000);
    request.onload = () => arrived(request);
    request.onerror = () => back(say("broke"));
    request.onabort = () => back("");
    $("progress").value = 0;
    $("sent").textContent = "";
    show("sending");
    request.send(data);
  }

  function progress({ loaded, total }, seconds) {
    const speed = loaded / seconds;
    $("progress").value = total ? loaded / total : 0;
    $("sent").textContent = loaded === total
      ? say("all_sent", { total: size(total) })
      : say("sent", { sent: size(loaded), total: size(total), speed: size(Math.round(speed)), left: duration((total - loaded) / speed) });
  }

  function back(sentence) {
    request = null;
    show("compose");
    chosen.complain(sentence);
  }

  function arrived({ status, response }) {
    if (status !== 201 || !response) {
      const told = response || {};
      return back([told.title, told.detail].filter(Boolean).join(". ") || say("refused"));
    }
    request = null;
    result = response;
    $("link").value = result.link;
    $("until").textContent = moment(result.expires_at);
    $("receipt").href = result.receipt;
    picture(result.qr);
    $("told-password").value = $("password").value;
    $("protected").hidden = !$("password").value || $("password").type === "password"; // theirs to know
    for (const button of ["copy", "copy-password"]) $(button).textContent = say("copy");
    $("copied").hidden = true;
    $("revoke-problem").hidden = true;
    show("result");
    $("link").select();
  }

  // The answer brought the drawing, so that no other request ever holds the link.
  function picture(svg) {
    const url = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
    $("picture").onload = () => URL.revokeObjectURL(url);
    $("picture").src = url;
    $("qr").hidden = false;
  }

  async function copy(field, button) {
    $(field).select();
    try {
      await navigator.clipboard.writeText($(field).value);
      $(button).textContent = say("copied");
      $("copied").hidden = false;
    } catch { /* it is selected: Ctrl-C */ }
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
    for (const field of ["link", "told-password"]) $(field).value = "";
    $("picture").removeAttribute("src");
    form.reset();
    chosen.clear();
    show("compose");
  }

  form.addEventListener("submit", (event) => { event.preventDefault(); send(); });
  $("cancel").addEventListener("click", () => request && request.abort());
  $("revoke").addEventListener("click", revoke);
  $("another").addEventListener("click", anew);
  $("anew").addEventListener("click", anew);
  $("copy").addEventListener("click", () => copy("link", "copy"));
  $("copy-password").addEventListener("click", () => copy("told-password", "copy-password"));
  $("share").hidden = !navigator.share;
  $("share").addEventListener("click", () => navigator.share({ url: result.link }).catch(() => { /* not this time */ }));
  addEventListener("beforeunload", (event) => { if (request) event.preventDefault(); });
})();
