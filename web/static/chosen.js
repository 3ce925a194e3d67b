// What is put in beside the text: files that are chosen, dropped or pasted, until they are sent.
"use strict";
const chosen = (() => {
  const { say, size } = figures;
  const $ = (id) => document.getElementById(id);
  const most = Number($("form").dataset.max);
  const ENDINGS = { "image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp" };
  let files = [];

  function complain(sentence) {
    $("problem").textContent = sentence;
    $("problem").hidden = !sentence;
  }

  function total() {
    return files.reduce((sum, file) => sum + file.size, 0);
  }

  // Why these can't be sent; empty when they can.
  function tooLarge() {
    if (total() <= most) return "";
    return say(files.length > 1 ? "too_much" : "too_large", { size: size(total()), limit: $("form").dataset.maxShown });
  }

  function add(more) {
    files = [...files, ...more];
    list();
    complain(tooLarge());
  }

  function remove(file) {
    files = files.filter((one) => one !== file);
    list();
    complain(tooLarge());
    $("file").focus();
  }

  function element(name, className, text) {
    const made = document.createElement(name);
    made.className = className;
    made.textContent = text;
    return made;
  }

  function list() {
    $("chosen").replaceChildren(...files.map((file) => {
      const line = document.createElement("li");
      const button = element("button", "", "×");
      button.type = "button";
      button.setAttribute("aria-label", say("remove", { name: file.name }));
      button.addEventListener("click", () => remove(file));
      line.append(element("span", "file", file.name), element("span", "size", size(file.size)), button);
      return line;
    }));
    $("chosen").hidden = !files.length;
    explain();
  }

  function explain() {
    const withText = files.length > 0 && $("text").value.trim() !== "";
    $("packed").hidden = !withText && files.length < 2;
    const sentence = $("packed").hidden ? "" : say(withText ? "zip_text" : "zip");
    if ($("packed").textContent !== sentence) $("packed").textContent = sentence;
  }

  // Browsers call every picture from the clipboard image.png.
  function named(file) {
    const ending = ENDINGS[file.type];
    if (!ending || file.name !== "image.png") return file;
    const now = new Date();
    const local = new Date(now - now.getTimezoneOffset() * 60000).toISOString();
    return new File([file], `image-${local.slice(0, 10)}-${local.slice(11, 19).replaceAll(":", "")}.${ending}`, { type: file.type });
  }

  const open = () => !$("compose").hidden;

  $("file").addEventListener("change", () => {
    add($("file").files);
    $("file").value = ""; // so that the same one can be chosen again
  });
  $("text").addEventListener("input", explain);
  addEventListener("dragover", (event) => { event.preventDefault(); document.body.classList.add("dragging"); });
  addEventListener("dragleave", (event) => { if (!event.relatedTarget) document.body.classList.remove("dragging"); });
  addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dragging");
    if (!open()) return;
    const folder = [...event.dataTransfer.items].some((item) => item.webkitGetAsEntry?.()?.isDirectory);
    if (folder) complain(say("folder"));
    else add(event.dataTransfer.files);
  });
  addEventListener("paste", (event) => {
    if (!open()) return;
    const pasted = [...event.clipboardData.files];
    if (pasted.length) {
      event.preventDefault();
      add(pasted.map(named));
    } else if (!event.target.closest("input, textarea")) { // a text, wherever the focus is
      $("text").value += event.clipboardData.getData("text/plain");
      $("text").focus();
      explain();
    }
  });

  return {
    // The smallest first: that there are several shows the server only when the first is over, and
    // it reads that one back then.
    files: () => [...files].sort((one, other) => one.size - other.size),
    clear: () => { files = []; list(); },
    complain,
    tooLarge,
  };
})();
