// A received picture, looked at here on a press. It is shown as what its first bytes say, never as
// what its sender calls it, and only if that is one of these: none of them can hold a script.
"use strict";
const preview = (() => {
  const KINDS = {
    "image/png": /^\x89PNG\r\n\x1a\n/,
    "image/jpeg": /^\xff\xd8\xff/,
    "image/gif": /^GIF8[79]a/,
    "image/webp": /^RIFF.{4}WEBP/s,
    "image/avif": /^.{4}ftypavi[fs]/s,
  };
  const button = document.getElementById("look");
  const image = document.getElementById("preview");

  async function offer(blob) {
    const head = String.fromCharCode(...new Uint8Array(await blob.slice(0, 16).arrayBuffer()));
    const kind = Object.keys(KINDS).find((one) => KINDS[one].test(head));
    if (!kind) return;
    button.hidden = false;
    button.addEventListener("click", () => look(new Blob([blob], { type: kind })));
  }

  function look(picture) {
    const url = URL.createObjectURL(picture);
    image.onload = image.onerror = () => URL.revokeObjectURL(url);
    image.src = url;
    image.hidden = false;
    button.hidden = true;
    image.focus();
  }

  return { offer };
})();
