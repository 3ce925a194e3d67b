// Another language at once, on the same page: the link's fragment stays. Whoever goes through the
// list by keyboard passes languages that they do not want, so there a button says when.
"use strict";
(() => {
  const form = document.getElementById("languages");
  if (!form) return;
  const { language } = form.elements;
  const now = language.value;
  let typing = false;

  async function change() {
    try {
      await fetch(`${form.action}?language=${language.value}`, { redirect: "manual" });
    } finally {
      location.reload();
    }
  }

  language.addEventListener("keydown", () => { typing = true; });
  language.addEventListener("pointerdown", () => { typing = false; });
  language.addEventListener("change", () => {
    if (!typing) return change();
    form.querySelector("button").classList.toggle("wanted", language.value !== now);
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); change(); });
})();
