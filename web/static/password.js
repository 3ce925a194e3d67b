// Making up a password. Each choice is drawn evenly from the system's own random source.
"use strict";
(() => {
  const { say } = figures;
  const $ = (id) => document.getElementById(id);
  // Sixteen consonants and four vowels make a word of 16 bits (D. Wilkerson, A Proposal for
  // Proquints, arXiv:0901.4016): no list to load, and no language.
  const CONSONANTS = "bdfghjklmnprstvz";
  const VOWELS = "aiou";
  const PATTERN = [CONSONANTS, VOWELS, CONSONANTS, VOWELS, CONSONANTS];
  const WORDS = 4; // 64 bits
  const CHARACTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"; // none that looks like another
  const LENGTH = 20; // 116 bits

  // Bytes that would favour the first letters are drawn again.
  function pick(letters) {
    const end = 256 - (256 % letters.length);
    for (;;) {
      const [drawn] = crypto.getRandomValues(new Uint8Array(1));
      if (drawn < end) return letters[drawn % letters.length];
    }
  }

  const word = () => PATTERN.map(pick).join("");
  const makers = {
    words: () => Array.from({ length: WORDS }, word).join("-"),
    characters: () => Array.from({ length: LENGTH }, () => pick(CHARACTERS)).join(""),
  };

  function see(seen) {
    $("password").type = seen ? "text" : "password";
    $("see").textContent = say(seen ? "hide" : "show");
  }

  function make(kind) {
    $("password").value = makers[kind]();
    see(true);
    $("strength").textContent = say(kind);
    $("strength").hidden = false;
    $("password").select();
  }

  $("make-words").addEventListener("click", () => make("words"));
  $("make-characters").addEventListener("click", () => make("characters"));
  $("see").addEventListener("click", () => see($("password").type === "password"));
  // What is typed over it is somebody's own: nothing is known of its strength.
  $("password").addEventListener("input", () => { $("strength").hidden = true; });
  $("form").addEventListener("reset", () => { $("strength").hidden = true; see(false); });
  $("makers").hidden = false;
})();
