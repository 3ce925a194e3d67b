// Another language at once, on the same page: the link's fragment stays.
"use strict";
(() => {
  const form = document.getElementById("languages");
  if (!form) return;
  form.querySelector("button").hidden = true;
  form.elements.language.addEventListener("change", async () => {
    try {
      await fetch(`${form.action}?language=${form.elements.language.value}`, { redirect: "manual" });
    } finally {
      location.reload();
    }
  });
})();
